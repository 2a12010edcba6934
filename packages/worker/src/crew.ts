import type { Bus } from '@drumline/core/bus';
import type { Config } from '@drumline/core/config';
import type { Log } from '@drumline/core/log';
import { type Pause, Pauses } from '@drumline/core/run';
import type { EngineEvents, EngineLine } from './host/engine-host.ts';
import type { EngineCommand, EngineReport, EngineSettings, EngineSetup } from './host/protocol.ts';
import { Seat } from './seat.ts';
import { dealQueues, settingsOf, type TargetOptions } from './settings.ts';

/** Starts an engine somewhere: on an OS thread of its own, or on this one. */
export type EngineOpener = (setup: EngineSetup, events: EngineEvents) => EngineLine;

export interface CrewOptions {
  readonly id: string;
  /** See `EngineSetup`. */
  readonly thread: string;
  readonly lease: SharedArrayBuffer;
  readonly bus: Pick<Bus, 'reclaim'>;
  readonly openEngine: EngineOpener;
  /** Engines at most; never more than there are queues. */
  readonly engines: number;
  readonly target: TargetOptions;
  readonly digest: boolean;
  readonly log: Log;
  readonly onEnd: (how: 'drain' | 'leave', why?: Error) => void;
}

/**
 * The engines of one worker, each with its share of the queues. A queue belongs to the same engine for the worker's whole
 * life, however their number changes: two that consume one queue under one name would execute the same ops.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #pauses: Pauses;
  readonly #stopped = new Set<string>();
  #seats: Seat[] = [];
  /** Changes of the config come one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #ending = false;

  private constructor(options: CrewOptions, pauses: readonly Pause[]) {
    this.#options = options;
    this.#pauses = new Pauses(pauses);
  }

  /** Resolves when every engine is claiming. @throws DrumlineError of the first that cannot. */
  static async start(options: CrewOptions, config: Config, pauses: readonly Pause[]): Promise<Crew> {
    const crew = new Crew(options, pauses);
    try {
      await crew.#addSeats(config, crew.#handsOf(config));
      return crew;
    } catch (error) {
      await crew.end('leave');
      throw error;
    }
  }

  /** @throws DrumlineError when one of the engines cannot use the new target: then all go on as before. */
  apply(config: Config): Promise<void> {
    const turn = this.#turn.then(() => this.#apply(config));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  post(command: Extract<EngineCommand, { kind: 'pause' | 'resume' | 'stop' }>): void {
    if (command.kind === 'stop') this.#stopped.add(command.run);
    else if (command.kind === 'pause') this.#pauses.begin(command.at);
    else this.#pauses.end(command.at);
    for (const seat of this.#seats) seat.post(command);
  }

  get isPaused(): boolean {
    return this.#pauses.isPaused;
  }

  /** Every engine's figures, also of those that are gone. */
  async reports(): Promise<readonly EngineReport[]> {
    await Promise.all(this.#seats.map((seat) => seat.refresh()));
    return this.#seats.flatMap((seat) => seat.reports);
  }

  /** Resolves when every engine has ended. Called again, it turns a drain into a leave. */
  async end(how: 'drain' | 'leave'): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#seats.map((seat) => seat.end(how)));
  }

  async #apply(config: Config): Promise<void> {
    if (this.#ending) return;
    const before = this.#seats.map((seat) => ({ seat, settings: seat.settings }));
    const hands = this.#handsOf(config);
    const results = await Promise.allSettled(
      this.#seats.map((seat, i) => seat.apply(this.#settingsOf(config, hands[i] ?? []))),
    );
    try {
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      await this.#addSeats(config, hands.slice(this.#seats.length));
    } catch (error) {
      await this.#rollBack(before);
      throw error;
    }
    for (const [i, { seat }] of before.entries()) seat.useQueues(hands[i] ?? []);
  }

  async #rollBack(before: readonly { readonly seat: Seat; readonly settings: EngineSettings }[]): Promise<void> {
    const { log } = this.#options;
    const changed = before.filter(({ seat, settings }) => seat.settings !== settings);
    const back = changed.map(({ seat, settings }) =>
      seat.apply(settings).catch((error: unknown) => {
        log.error({ err: error }, 'an engine could not go back to the config before');
      }),
    );
    await Promise.all(back);
  }

  /** Takes all of them in, or none. @throws DrumlineError of the first engine that cannot start. */
  async #addSeats(config: Config, hands: readonly (readonly number[])[]): Promise<void> {
    const dealt = this.#ending ? [] : hands.filter((queues) => queues.length > 0);
    const added = dealt.map((queues) => this.#seatOf(queues, this.#settingsOf(config, queues)));
    this.#seats = [...this.#seats, ...added];
    try {
      await Promise.all(added.map((seat) => seat.ready));
    } catch (error) {
      this.#seats = this.#seats.filter((seat) => !added.includes(seat));
      await Promise.all(added.map((seat) => seat.end('leave')));
      throw error;
    }
  }

  #seatOf(queues: readonly number[], settings: EngineSettings): Seat {
    const { id: worker, thread, lease, bus, openEngine, digest, log, onEnd } = this.#options;
    const common = { worker, thread, lease, digest };
    return new Seat(
      {
        open: (present, inForce, events) => {
          const [pauses, stopped] = [this.#pauses.all, [...this.#stopped]];
          return openEngine({ ...common, settings: inForce, queues: present, pauses, stopped }, events);
        },
        reclaim: (queue) => bus.reclaim(queue, worker, thread),
        onGivenUp: (why) => onEnd('leave', why),
        log,
      },
      queues,
      settings,
    );
  }

  #handsOf(config: Config): number[][] {
    return dealQueues(config.threads, this.#options.engines);
  }

  #settingsOf(config: Config, queues: readonly number[]): EngineSettings {
    return settingsOf(config, this.#options.target, queues.length);
  }
}
