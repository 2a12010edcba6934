import type { Config } from '@drumline/core/config';
import { delay } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { Pause } from '@drumline/core/run';
import { millis } from '@drumline/core/units';
import { type EngineEvents, EngineHost, type EngineLine } from './host/engine-host.ts';
import type { EngineCommand, EngineReport, EngineSetup } from './host/protocol.ts';
import { dealQueues, settingsOf, type TargetOptions } from './settings.ts';

/** Starts an engine somewhere: on an OS thread of its own, or on this one. */
export type EngineOpener = (setup: EngineSetup, events: EngineEvents) => EngineLine;

export interface CrewOptions {
  readonly id: string;
  readonly openEngine: EngineOpener;
  readonly engines: number;
  readonly target: TargetOptions;
  readonly digest: boolean;
  readonly log: Log;
  readonly onEnd: (how: 'drain' | 'leave', why?: Error) => void;
}

const RESTART_AFTER = millis(500);
/** So many crashes of one engine in a row, each before it was ready, and the worker gives up. */
const MAX_FAILED_STARTS = 3;

interface Seat {
  /** Its engine's name, which a successor takes over. */
  readonly name: string;
  host: EngineHost;
  queues: readonly number[];
  failedStarts: number;
}

/**
 * The engines of one worker, each with its share of the queues. One that crashes is replaced: its successor finds what
 * was claimed and not acknowledged in the worker's own lists and executes it.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #log: Log;
  #config: Config;
  #pauses: Pause[];
  #seats: Seat[] = [];
  /** Figures of engines that are gone: counts are cumulative for the worker's whole life. */
  #past: EngineReport[] = [];
  #lastReports = new Map<Seat, EngineReport>();
  #ending = false;

  private constructor(options: CrewOptions, config: Config, pauses: readonly Pause[]) {
    this.#options = options;
    this.#log = options.log;
    this.#config = config;
    this.#pauses = [...pauses];
  }

  /** Resolves when every engine is claiming. @throws DrumlineError of the first that cannot. */
  static async start(options: CrewOptions, config: Config, pauses: readonly Pause[]): Promise<Crew> {
    const crew = new Crew(options, config, pauses);
    for (const queues of dealQueues(config.threads, Math.min(options.engines, config.threads))) crew.#addSeat(queues);
    try {
      await Promise.all(crew.#seats.map((seat) => seat.host.ready));
    } catch (error) {
      await crew.end('leave');
      throw error;
    }
    return crew;
  }

  /** @throws DrumlineError when the new target cannot be used by one of the engines: then none of them changes queues. */
  async apply(config: Config): Promise<void> {
    const hands = dealQueues(config.threads, this.#seats.length);
    await Promise.all(
      this.#seats.map((seat, i) => seat.host.apply(settingsOf(config, this.#options.target, hands[i]?.length ?? 0))),
    );
    this.#config = config;
    for (const [i, seat] of this.#seats.entries()) {
      seat.queues = hands[i] ?? [];
      seat.host.post({ kind: 'queues', queues: seat.queues });
    }
  }

  post(command: Extract<EngineCommand, { kind: 'pause' | 'resume' | 'stop' }>): void {
    if (command.kind === 'pause') this.#pauses.push({ from: command.at });
    const last = this.#pauses.at(-1);
    if (command.kind === 'resume' && last !== undefined) this.#pauses[this.#pauses.length - 1] = { from: last.from, to: command.at };
    for (const { host } of this.#seats) host.post(command);
  }

  /** Every engine's figures, also of those that are gone. */
  async reports(): Promise<readonly EngineReport[]> {
    const now = await Promise.all(
      this.#seats.map(async (seat) => {
        const report = await seat.host.report();
        if (report !== undefined) this.#lastReports.set(seat, report);
        return report ?? this.#lastReports.get(seat);
      }),
    );
    return [...this.#past, ...now.filter((report) => report !== undefined)];
  }

  async end(how: 'drain' | 'leave'): Promise<void> {
    this.#ending = true;
    for (const { host } of this.#seats) host.post({ kind: how });
    await Promise.all(
      this.#seats.map(async (seat) => {
        const last = (await seat.host.ended) ?? this.#lastReports.get(seat);
        if (last !== undefined) this.#past.push({ ...last, queues: [] });
      }),
    );
    this.#seats = [];
  }

  #addSeat(queues: readonly number[]): void {
    const name = `e${this.#seats.length}`;
    const host = this.#open(name, queues, (error) => this.#replace(seat, error));
    const seat: Seat = { name, queues, failedStarts: 0, host };
    this.#seats.push(seat);
  }

  #open(engine: string, queues: readonly number[], onCrash: (error: Error) => void): EngineHost {
    const { id: worker, openEngine, target, digest } = this.#options;
    const settings = settingsOf(this.#config, target, queues.length);
    const setup = { worker, engine, settings, queues, pauses: this.#pauses, digest };
    return new EngineHost((events) => openEngine(setup, events), onCrash, this.#log);
  }

  #replace(seat: Seat, error: Error): void {
    this.#log.error({ err: error, queues: seat.queues }, 'an engine crashed; starting another in its place');
    const last = this.#lastReports.get(seat);
    if (last !== undefined) this.#past.push({ ...last, inFlight: 0, pending: 0, queues: [] });
    this.#lastReports.delete(seat);
    seat.failedStarts += 1;
    if (this.#ending) return;
    if (seat.failedStarts > MAX_FAILED_STARTS) return this.#options.onEnd('leave', error);
    void delay(RESTART_AFTER).then(async () => {
      if (this.#ending) return;
      seat.host = this.#open(seat.name, seat.queues, (again) => this.#replace(seat, again));
      await seat.host.ready;
      seat.failedStarts = 0;
    }).catch((cause: unknown) => this.#log.error({ err: cause }, 'the engine could not be started again'));
  }
}
