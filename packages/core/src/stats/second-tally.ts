import { DISTURBANCES, type Disturbance, type SecondMark } from './seconds.ts';

/** Seconds in which something was recorded, how many of them were disturbed, and by what; one may have several reasons. */
export interface SecondCounts extends Readonly<Record<Disturbance, number>> {
  readonly of: number;
  readonly disturbed: number;
}

export interface RunSeconds extends SecondCounts {
  readonly run: string;
}

export const NO_SECONDS: SecondCounts = Object.freeze({ of: 0, disturbed: 0, stall: 0, redelivery: 0, clock: 0 });

/** Counts of different workers add up: each has seconds of its own. */
export const addSeconds = (a: SecondCounts, b: SecondCounts): SecondCounts => ({
  of: a.of + b.of,
  disturbed: a.disturbed + b.disturbed,
  stall: a.stall + b.stall,
  redelivery: a.redelivery + b.redelivery,
  clock: a.clock + b.clock,
});

/** How long marks of a second may arrive after the newest ones: OS threads that stand report late. */
const OPEN = 300;

interface RunTally {
  counts: SecondCounts;
  newest: number;
  /** Reasons by second, of those that marks may still arrive for. */
  readonly open: Map<number, number>;
}

/**
 * Puts the seconds of a worker's OS threads together: a worker's second is disturbed if it is on any of them. Threads say
 * the same seconds again and again; each counts once.
 */
export class SecondTally {
  readonly #runs = new Map<string, RunTally>();

  add(marks: readonly SecondMark[]): void {
    for (const { run, second, reasons } of marks) this.#mark(this.#tallyOf(run), second, reasons);
  }

  /** The counts of the `most` runs that were marked last. */
  runs(most: number): RunSeconds[] {
    const tallies = [...this.#runs].sort(([, a], [, b]) => b.newest - a.newest).slice(0, most);
    for (const run of this.#runs.keys()) if (!tallies.some(([kept]) => kept === run)) this.#runs.delete(run);
    return tallies.map(([run, { counts }]) => ({ run, ...counts }));
  }

  #tallyOf(run: string): RunTally {
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    const made = { counts: NO_SECONDS, newest: Number.NEGATIVE_INFINITY, open: new Map<number, number>() };
    this.#runs.set(run, made);
    return made;
  }

  #mark(tally: RunTally, second: number, reasons: number): void {
    // What is too old to tell whether it was counted has been.
    if (second <= tally.newest - OPEN) return;
    const before = tally.open.get(second);
    const after = (before ?? 0) | reasons;
    if (after === before) return;
    tally.counts = addSeconds(tally.counts, { ...difference(before, after), of: before === undefined ? 1 : 0 });
    tally.open.set(second, after);
    if (second <= tally.newest) return;
    tally.newest = second;
    for (const known of tally.open.keys()) if (known <= second - OPEN) tally.open.delete(known);
  }
}

function difference(before = 0, after = 0): Omit<SecondCounts, 'of'> {
  const [stall = 0, redelivery = 0, clock = 0] = DISTURBANCES.map((_, bit) => ((after & ~before) >> bit) & 1);
  return { disturbed: before === 0 && after !== 0 ? 1 : 0, stall, redelivery, clock };
}
