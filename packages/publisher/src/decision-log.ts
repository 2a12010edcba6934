import type { Deal, Decisions, RateStep, RunRecord, Skip, Stand, Standing, TaskStart } from '@drumline/core/run';

/** What is written of them: everything but the checkpoint and the run's last word. */
export type Decided = Pick<RunRecord, 'rates'> & Omit<Decisions, 'position' | 'over'>;

/**
 * All decisions of a run, as they are made or as a predecessor has left them. Each new one is handed on to be written, before
 * the batches that depend on it are.
 */
export class DecisionLog {
  #all: Decided;
  #write: (changes: Partial<Decided>) => void = () => undefined;

  constructor(known: Decided) {
    this.#all = known;
  }

  /** Hands every decision from now on to `write`. */
  writeTo(write: (changes: Partial<Decided>) => void): void {
    this.#write = write;
  }

  get all(): Decided {
    return this.#all;
  }

  /** The first beat of which it is not sure that it was played. */
  get reach(): number {
    const { starts, stands, deals, rates, skips, standing, end } = this.#all;
    const decided = [...stands, ...deals, ...rates].map(({ beat }) => beat);
    const played = [...starts.map(({ beat }) => beat + 1), ...skips.map(({ to }) => to + 1)];
    return Math.max(0, standing?.beat ?? 0, end ?? 0, ...decided, ...played);
  }

  /** Whether something was decided that takes effect just before `beat` is played. */
  touches(beat: number): boolean {
    const { stands, deals, rates } = this.#all;
    return [stands, deals, rates].some((steps) => (steps.at(-1)?.beat ?? -1) >= beat);
  }

  startOf(task: number): TaskStart | undefined {
    return this.#all.starts.find((start) => start.task === task);
  }

  isSkipped(task: number, beat: number): boolean {
    const { skips } = this.#all;
    if (skips.length === 0) return false;
    const covers = (skip: Skip): boolean =>
      skip.from <= beat && beat <= skip.to && (skip.task === undefined || skip.task === task);
    return skips.some(covers);
  }

  start(start: TaskStart): void {
    this.#decide({ starts: [...this.#all.starts, start] });
  }

  stand(standing: Standing): void {
    this.#decide({ standing });
  }

  /** The axis goes on. */
  go(stand: Stand): void {
    this.#decide({ stands: [...this.#all.stands, stand], standing: null });
  }

  deal(deal: Deal): void {
    this.#decide({ deals: [...this.#all.deals, deal] });
  }

  rate(step: RateStep): void {
    this.#decide({ rates: [...this.#all.rates, step] });
  }

  /** Beats in a row are one entry. */
  skip(skip: Skip): void {
    const others = this.#all.skips.filter(({ task, to }) => task !== skip.task || to + 1 < skip.from);
    const before = this.#all.skips.find(({ task, to }) => task === skip.task && to + 1 >= skip.from);
    this.#decide({ skips: [...others, before === undefined ? skip : { ...before, to: Math.max(before.to, skip.to) }] });
  }

  /** Beats before the given one are behind every checkpoint that will ever be read. */
  forgetSkips(before: number): void {
    const skips = this.#all.skips.filter(({ to }) => to >= before);
    if (skips.length < this.#all.skips.length) this.#decide({ skips });
  }

  end(beat: number): void {
    this.#decide({ end: beat });
  }

  #decide(changes: Partial<Decided>): void {
    this.#all = { ...this.#all, ...changes };
    this.#write(changes);
  }
}
