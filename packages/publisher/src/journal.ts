import type { Bus } from '@drumline/core/bus';
import type { Log } from '@drumline/core/log';
import { encodeRun, type RunRecord } from '@drumline/core/run';

/**
 * Keeps the run's record in the bus up to date. One write follows the other, so what is said last is what stays; what
 * changes during a write goes with the next. A write that fails is logged: no run ends because of it.
 */
export class Journal {
  readonly #bus: Bus;
  readonly #run: string;
  readonly #log: Log;
  #changes: Partial<RunRecord> = {};
  #writing: Promise<void> | undefined;

  constructor(bus: Bus, run: string, log: Log) {
    this.#bus = bus;
    this.#run = run;
    this.#log = log;
  }

  write(changes: Partial<RunRecord>): void {
    this.#changes = { ...this.#changes, ...changes };
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when everything is written, or could not be. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (Object.keys(this.#changes).length > 0) {
      const fields = encodeRun(this.#changes);
      this.#changes = {};
      try {
        await this.#bus.writeRun(this.#run, fields);
      } catch (error) {
        this.#log.warn({ err: error, fields: Object.keys(fields) }, 'saving the state of the run failed');
      }
    }
    this.#writing = undefined;
  }
}
