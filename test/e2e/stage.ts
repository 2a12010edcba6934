import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, type RedisBus, type RedisSentinel } from '@drumline/bus';
import { askFleet, newCommand, PUBLISHER_COMMANDS } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import type { Summary } from '@drumline/report';
import { type DrumlineOptions, type Ended, eventually, type RunningDrumline, startDrumline } from '../servers/index.ts';

/** Where the fleet of a stage meets, and how its processes and the test reach it. */
export interface Meeting {
  readonly url: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly cluster?: boolean;
  readonly sentinel?: RedisSentinel;
  /** Runs a command on every server that holds keys; answers all lines. */
  cli(...command: readonly string[]): Promise<string[]>;
}

export interface StageOptions {
  /** Fields of the config besides `table_name` and `threads`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Options of each worker, and of nobody else. */
  readonly worker?: readonly string[];
  /** Options that say how to reach Redis, when the address alone does not. */
  readonly reach?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command of the publisher ended, with the summary that it printed as JSON. */
export interface Played extends Ended {
  readonly summary: Summary;
}

/** One row of `drumline notify --json`. */
export interface AnswerRow {
  readonly from: string;
  readonly answered: boolean;
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
}

/** What may be left when everybody has gone; what belongs to a run must expire. */
const STAYS = /^(\w+_cfg|\w+_epoch|\{\w+_q\d+\}:dead)$/;
const EXPIRES = /^(\w+_run(:.*)?|\w+_audit|\{\w+_q\d+\}:run:.*)$/;

/** A prefix and a folder of a test's own, and all processes that it starts there. */
export class Stage {
  readonly prefix: string;
  readonly folder: string;
  /** To look into what the processes say to each other. */
  readonly bus: RedisBus;
  readonly #meeting: Meeting;
  readonly #options: StageOptions;
  readonly #processes: RunningDrumline[] = [];
  #files = 0;
  #workers = 0;

  private constructor(meeting: Meeting, options: StageOptions, prefix: string, folder: string, bus: RedisBus) {
    this.#meeting = meeting;
    this.#options = options;
    this.prefix = prefix;
    this.folder = folder;
    this.bus = bus;
  }

  /**
   * Plays a test on a stage of its own. Afterwards every process must end by itself and leave nothing in Redis that does not
   * expire; when the test fails, they are killed, and what they had printed goes with the failure.
   */
  static async play(meeting: Meeting, options: StageOptions, act: (stage: Stage) => Promise<void>): Promise<void> {
    const stage = await Stage.#open(meeting, options);
    try {
      await act(stage);
      await stage.#end();
    } catch (error) {
      if (error instanceof Error) error.message += `\n${stage.#printed}`;
      throw error;
    } finally {
      await Promise.all(stage.#processes.map((process) => process.kill()));
      await stage.bus.close();
      await rm(stage.folder, { recursive: true, force: true });
    }
  }

  static async #open(meeting: Meeting, options: StageOptions): Promise<Stage> {
    const prefix = `e${randomBytes(4).toString('hex')}`;
    const folder = await mkdtemp(join(tmpdir(), 'drumline-e2e-'));
    const { url, tls, cluster, sentinel } = meeting;
    const reach = { ...(tls && { tls }), ...(cluster !== undefined && { cluster }), ...(sentinel && { sentinel }) };
    const bus = await connectRedis({ url, prefix, ...reach });
    const stage = new Stage(meeting, options, prefix, folder, bus);
    await stage.configure();
    return stage;
  }

  /** Path of the config that publishers are started with. */
  get config(): string {
    return join(this.folder, 'config.json');
  }

  /** Writes the config: into the file and, as a publisher would, into Redis, so that workers need not wait for one. */
  async configure(fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const text = JSON.stringify({ table_name: 'stress-test', threads: 4, ...this.#options.config, ...fields });
    await writeFile(this.config, text);
    await this.bus.writeConfig(text);
  }

  /** Writes a file into the stage's folder; answers its path. */
  async file(name: string, content: unknown): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  /** Starts `drumline <command>` on this stage's Redis and prefix. */
  start(command: string, args: readonly string[], options: DrumlineOptions = {}): RunningDrumline {
    const { reach = [], env } = this.#options;
    const where = ['--redis', this.#meeting.url, '--prefix', this.prefix, ...reach];
    const all = { ...options, env: { ...env, ...options.env } };
    return this.follow(startDrumline([command, ...where, ...args], all));
  }

  /** Starts `drumline <command>` on this stage's prefix; which Redis it is to use, options or environment say. */
  startAlone(command: string, args: readonly string[], options: DrumlineOptions = {}): RunningDrumline {
    return this.follow(startDrumline([command, '--prefix', this.prefix, ...args], options));
  }

  /** Takes care of a process that was started elsewhere as of the stage's own. */
  follow(process: RunningDrumline): RunningDrumline {
    this.#processes.push(process);
    return process;
  }

  /** Starts a worker; its id is `w1`, `w2`, … */
  worker(args: readonly string[] = [], options: DrumlineOptions = {}): RunningDrumline {
    this.#workers += 1;
    const own = ['--id', `w${this.#workers}`, '--engines', '1', ...(this.#options.worker ?? [])];
    return this.start('worker', [...own, ...args], options);
  }

  /** Starts workers and waits until they are ready. */
  async workers(count: number, args: readonly string[] = []): Promise<RunningDrumline[]> {
    const started = Array.from({ length: count }, () => this.worker(args));
    await Promise.all(started.map((worker) => worker.prints(/worker is ready/)));
    return started;
  }

  /** Starts a publisher that ends with a summary in JSON. */
  async publisher(traffic: unknown, args: readonly string[] = []): Promise<RunningDrumline> {
    this.#files += 1;
    const path = await this.file(`traffic-${this.#files}.json`, traffic);
    const own = ['--config', this.config, '--traffic', path, '--wait-workers', '20s', '--patience', '15s', '--json'];
    return this.start('publisher', [...own, ...args]);
  }

  /** Plays a traffic file to its end. */
  async publish(traffic: unknown, args: readonly string[] = []): Promise<Played> {
    return played(await this.publisher(traffic, args));
  }

  /** Sends a command; answers how `drumline notify` ended and its rows, by who answered. */
  async notify(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended & { readonly rows: AnswerRow[] }> {
    const ended = await this.start('notify', [...args, '--json'], { env }).finishes();
    const rows = ended.out === '' ? [] : (JSON.parse(ended.out) as AnswerRow[]);
    return { ...ended, rows: rows.toSorted((a, b) => (a.from < b.from ? -1 : 1)) };
  }

  /** Sends a command as `drumline notify` does, without the time that a process takes to start; answers its rows. */
  async tell(cmd: string, args: Readonly<Record<string, string>> = {}): Promise<AnswerRow[]> {
    const command = await newCommand(this.bus, { cmd, args }, this.#options.env?.['DRUMLINE_SECRET']);
    const asked = { within: millis(10_000), publisher: PUBLISHER_COMMANDS.has(cmd) };
    const answers = await askFleet(this.bus, command, asked);
    return answers.map(({ from, reply }) => {
      const { ok = false, message, code } = reply ?? {};
      const said = { ...(message !== undefined && { message }), ...(code !== undefined && { code }) };
      return { from, answered: reply !== undefined, ok, ...said };
    });
  }

  /** The run that is on, once its first ops have been published. */
  async running(): Promise<string> {
    return eventually('a run with published ops', async () => {
      const holder = await this.bus.lockHolder();
      const { run } = JSON.parse(holder ?? '{}') as { run?: string };
      if (run === undefined) return undefined;
      return (await this.published(run)) > 0 && run;
    });
  }

  /** How many ops of the run were put on queues so far. */
  async published(run: string): Promise<number> {
    return this.#sum(run, ({ published }) => published);
  }

  /** How many ops of the run have their outcome. */
  async settled(run: string): Promise<number> {
    return this.#sum(run, ({ ok, failed, dropped }) => ok + failed + dropped);
  }

  async #sum(
    run: string,
    figure: (counts: Record<'published' | 'ok' | 'failed' | 'dropped', number>) => number,
  ): Promise<number> {
    const counts = await this.bus.readLedger(run, 16);
    return [...counts.values()].reduce((sum, count) => sum + figure(count), 0);
  }

  /** Every key of the prefix. */
  async keys(): Promise<string[]> {
    const found = [
      await this.#meeting.cli('KEYS', `${this.prefix}_*`),
      await this.#meeting.cli('KEYS', `{${this.prefix}_*`),
    ];
    return found.flat().toSorted();
  }

  /** Asks workers that still run to drain and waits for all processes. @throws when one of them, or a key, is left. */
  async #end(): Promise<void> {
    for (const { pid, isThere } of this.#processes) if (isThere) terminate(pid);
    await Promise.all(this.#processes.map((process) => process.finishes()));
    const there = this.#processes.filter(({ isThere }) => isThere);
    if (there.length > 0) throw new Error(`processes were left behind by ${there.map(({ pid }) => pid).join(' ')}`);
    const left = await this.#leftovers();
    if (left.length > 0) throw new Error(`keys were left behind: ${left.join(' ')}`);
  }

  /** What all processes have printed, for the report of a failure. */
  get #printed(): string {
    return this.#processes
      .map(({ pid, out, err }) => `--- process ${pid}\n${out.slice(-3_000)}${err.slice(-6_000)}`)
      .join('\n');
  }

  async #leftovers(): Promise<string[]> {
    const left: string[] = [];
    for (const key of await this.keys()) {
      if (STAYS.test(key)) continue;
      const [expiry] = EXPIRES.test(key) ? await this.#meeting.cli('TTL', key) : [];
      if (Number(expiry ?? -1) < 0) left.push(key);
    }
    return left;
  }
}

/** Waits for a publisher, or `drumline run`, that was told to print JSON. */
export async function played(publisher: RunningDrumline): Promise<Played> {
  const ended = await publisher.finishes();
  try {
    return { ...ended, summary: JSON.parse(ended.out) as Summary };
  } catch (cause) {
    throw new Error(`no summary (exit ${ended.code ?? ended.signal}): ${ended.out}${ended.err}`, { cause });
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has ended meanwhile
  }
}
