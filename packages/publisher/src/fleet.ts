import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { sameConfig } from '@drumline/core/config';
import { readyWorkers } from '@drumline/core/fleet';
import type { Log } from '@drumline/core/log';
import { type Arguments, askFleet, type Command, encodeCommand, newCommand } from '@drumline/core/notify';
import { type Millis, millis } from '@drumline/core/units';

const UPDATE_WITHIN: Millis = millis(10_000);
const STOP_WITHIN: Millis = millis(1_000);
const LOOK_EVERY: Millis = millis(100);

export interface FleetOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly host: string;
  readonly secret: string | undefined;
  readonly log: Log;
}

/** What the publisher wants of the workers. */
export class Fleet {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /**
   * Makes `<prefix>_cfg` say what the config file says: compared by meaning, so that a new comment reconfigures nobody;
   * when it differs it is written, and the workers that are there are told and waited for.
   */
  async bringConfig(text: string): Promise<void> {
    const { bus, log } = this.#options;
    const present = await bus.readConfig();
    if (present !== undefined && sameConfig(present, text)) return;
    await bus.writeConfig(text);
    const command = await this.#command('update_config');
    const answers = await askFleet(bus, command, { within: UPDATE_WITHIN, publisher: false });
    const failed = answers.filter(({ reply }) => reply?.ok !== true);
    for (const { from, reply } of failed) {
      log.warn({ worker: from }, `did not take the new config: ${reply?.message ?? 'no answer'}`);
    }
    log.info({ workers: answers.length - failed.length }, 'the config was written');
  }

  /** Waits for workers, so that the first beats find somebody. Goes on without them, saying so, when none come. */
  async await(count: number, within: Millis, signal?: AbortSignal): Promise<void> {
    const { bus, clock, log } = this.#options;
    for (let waited = 0; ; waited += LOOK_EVERY) {
      const ready = (await readyWorkers(bus)).length;
      if (ready >= count) return;
      if (waited === 0) log.info({ ready, wanted: count }, 'waiting for workers');
      if (waited >= within) {
        return log.warn({ ready, wanted: count }, 'starting without them: what is published waits in the queues');
      }
      await clock.sleep(LOOK_EVERY, signal);
      if (signal?.aborted === true) return;
    }
  }

  /** Lets workers that a command has paused go on. Not waited for: who is not there needs no telling. */
  async resume(): Promise<void> {
    const { bus } = this.#options;
    await bus.notify(encodeCommand(await this.#command('resume')));
  }

  /** Lets the workers drop what they have not sent of the run, and waits until they have heard it. */
  async stop(run: string): Promise<void> {
    const { bus } = this.#options;
    const command = await this.#command('stop', { run });
    await askFleet(bus, command, { within: STOP_WITHIN, publisher: false });
  }

  #command(cmd: string, args: Arguments = {}): Promise<Command> {
    const { bus, host, secret } = this.#options;
    return newCommand(bus, { cmd, args, by: `publisher@${host}` }, secret);
  }
}
