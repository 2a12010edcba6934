import type { Op } from '@drumline/core/data';
import type { Abort, Driver, Outcome } from '@drumline/targets';

export const OK: Outcome = {
  items: 1,
  misses: 0,
  throttles: 0,
  unprocessed: 0,
  capacity: 0,
  bytesSent: 0,
  bytesReceived: 0,
};

export type Script = (op: Op, abort: Abort) => Promise<Outcome>;

/** A target that does with each op what a script says, and remembers what it was given. */
export class ScriptedDriver implements Driver {
  readonly name = 'scripted';
  readonly ops: Op[] = [];
  opened = 0;
  closed = 0;
  /** Ops under way, and the most there ever were. */
  underWay = 0;
  peak = 0;
  openWith: () => Promise<void> = () => Promise.resolve();
  script: Script;

  constructor(script: Script = () => Promise.resolve(OK)) {
    this.script = script;
  }

  async open(): Promise<void> {
    await this.openWith();
    this.opened += 1;
  }

  async execute(op: Op, abort: Abort): Promise<Outcome> {
    this.ops.push(op);
    this.underWay += 1;
    this.peak = Math.max(this.peak, this.underWay);
    try {
      return await this.script(op, abort);
    } finally {
      this.underWay -= 1;
    }
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** An op of a script that ends when it is told to. */
export class Held {
  readonly #waiting: (() => void)[] = [];

  readonly script: Script = () => new Promise((resolve) => this.#waiting.push(() => resolve(OK)));

  get count(): number {
    return this.#waiting.length;
  }

  /** Ends the oldest `count` ops. */
  end(count = this.#waiting.length): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve();
  }
}
