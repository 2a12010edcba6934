import { writeFile } from 'node:fs/promises';
import { delay, type SystemClock } from '@drumline/core/clock';
import { millis } from '@drumline/core/units';
import type { Publisher } from '@drumline/publisher';
import {
  CSV_HEADER,
  csvRows,
  type FanIn,
  renderJunit,
  renderPage,
  type Summary,
  secondLine,
  summaryLine,
  type TimelinePoint,
} from '@drumline/report';
import { factorOf } from '../follow-run.ts';
import type { CliLog } from '../log.ts';
import { type OutputFlags, STDOUT } from '../options/output-options.ts';
import type { Terminal } from '../terminal.ts';
import { HdrLogs } from './hdr-logs.ts';
import { MetricsServer } from './metrics-server.ts';
import { OutputFile } from './output-file.ts';
import { checkOutputFile, prepareOutputFolder, reasonOf } from './output-path.ts';

/** What is not on its disk so long after the end never will be. */
const LAST_WRITES = millis(5_000);

/** With what decides about the verdicts that they show. */
type Flags = OutputFlags & { readonly requireRate?: number };

/** What outputs need to know of the run that they are of. */
export interface OutputRun {
  readonly run: string;
  readonly prefix: string;
  readonly publisher: Publisher;
  readonly figures: FanIn;
  readonly clock: SystemClock;
}

/** Where lines go: a file, or standard output. */
interface Sink {
  write(text: string): void;
  close?(): Promise<void>;
}

/**
 * Everything that a run writes for programs while it is on, and at its end. Nothing here can stop a run: what cannot be
 * written is said once in the log, and in `problems`.
 */
export class RunOutputs implements AsyncDisposable {
  readonly #flags: Flags;
  readonly #terminal: Terminal;
  readonly #log: CliLog;
  readonly #metrics: MetricsServer | undefined;
  readonly #problems: string[] = [];
  #run = '';
  /** What is to be done when the first point has come. */
  #onFirst: (() => void) | undefined;
  #jsonl: Sink | undefined;
  #csv: Sink | undefined;
  #hdr: HdrLogs | undefined;

  private constructor(flags: Flags, terminal: Terminal, log: CliLog, metrics: MetricsServer | undefined) {
    this.#flags = flags;
    this.#terminal = terminal;
    this.#log = log;
    this.#metrics = metrics;
  }

  /**
   * Sees that all can be written, and begins to listen for scrapers. Files are touched when the run begins.
   * @throws DrumlineError DRUM_OUTPUT_UNUSABLE, DRUM_METRICS_ADDRESS
   */
  static async open(flags: Flags, terminal: Terminal, log: CliLog): Promise<RunOutputs> {
    const { jsonl, csv, junit, report, hdr } = flags;
    if (jsonl !== undefined && jsonl !== STDOUT) checkOutputFile(jsonl, '--jsonl');
    if (csv !== undefined && csv !== STDOUT) checkOutputFile(csv, '--csv');
    if (junit !== undefined) checkOutputFile(junit, '--junit');
    if (report !== undefined) checkOutputFile(report, '--report');
    if (hdr !== undefined) prepareOutputFolder(hdr, '--hdr');
    const metrics = flags.metrics && (await MetricsServer.start(flags.metrics));
    if (metrics !== undefined) log.info({}, `metrics are at ${metrics.url}`);
    return new RunOutputs(flags, terminal, log, metrics);
  }

  /** The run is about to begin, or to be gone on with: then files of its first part are gone on with too. */
  begin(of: OutputRun): void {
    const { jsonl, csv, hdr } = this.#flags;
    const { run, publisher } = of;
    const append = publisher.resumed !== undefined;
    this.#run = run;
    if (jsonl !== undefined) this.#jsonl = this.#sink(jsonl, '--jsonl', append);
    if (csv !== undefined) this.#csv = this.#sink(csv, '--csv', append, CSV_HEADER);
    if (hdr !== undefined) {
      const onFailure = (reason: string): void => this.#fail('--hdr', hdr, reason);
      this.#hdr = new HdrLogs({ folder: hdr, run, append, onFailure });
    }
    // A resumed run's counters are complete after a second; a scraper would take the step for a burst.
    if (append) this.#onFirst = () => this.#showMetrics(of);
    else this.#showMetrics(of);
  }

  add(point: TimelinePoint): void {
    this.#onFirst?.();
    this.#onFirst = undefined;
    this.#jsonl?.write(secondLine(this.#run, point));
    this.#csv?.write(csvRows(this.#run, point));
    this.#hdr?.add(point);
  }

  /** What could not be written so far, a sentence each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** @param points of the whole run. */
  async end(summary: Summary, points: readonly TimelinePoint[]): Promise<void> {
    this.#jsonl?.write(summaryLine(summary));
    const { junit, report } = this.#flags;
    if (junit !== undefined)
      await this.#write('--junit', junit, () => renderJunit(summary, this.#flags.requireRate !== undefined));
    if (report !== undefined) await this.#write('--report', report, () => renderPage({ summary, points }));
  }

  async #write(option: string, path: string, render: () => string): Promise<void> {
    try {
      await writeFile(path, render());
    } catch (error) {
      this.#fail(option, path, reasonOf(error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sinks = [this.#jsonl, this.#csv, this.#hdr];
    const written = Promise.all(sinks.map(async (sink) => sink?.close?.()));
    await Promise.all([this.#metrics?.close(), Promise.race([written, delay(LAST_WRITES)])]);
  }

  #sink(path: string, option: string, append: boolean, header = ''): Sink {
    if (path !== STDOUT) {
      return new OutputFile({ path, append, header, onFailure: (reason) => this.#fail(option, path, reason) });
    }
    this.#terminal.out(header);
    return { write: (text) => this.#terminal.out(text) };
  }

  #showMetrics({ run, prefix, publisher, figures, clock }: OutputRun): void {
    this.#metrics?.show(() => {
      const { status } = publisher;
      return { run, prefix, now: clock.now(), figures, status: { ...status, factor: factorOf(status) } };
    });
  }

  #fail(option: string, path: string, reason: string): void {
    const problem = `${option} ${path} is incomplete: ${reason}`;
    if (this.#problems.includes(problem)) return;
    this.#problems.push(problem);
    this.#log.warn({}, `${problem}. The run goes on without it`);
  }
}
