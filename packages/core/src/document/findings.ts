import type { Problem } from './problem.ts';

/** What becomes a `Problem` once its position is wanted. */
export interface Finding {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** Problems that are kept: garbage of some megabytes would otherwise fill the memory with messages that nobody reads. */
const MAX_PROBLEMS = 1_000;

/** Collects what is wrong with one text; turns offsets into lines and columns only for what was found. */
export class Findings {
  readonly #text: string;
  readonly #problems: Finding[] = [];
  readonly #warnings: Finding[] = [];
  #omitted = 0;
  #starts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  problem(finding: Finding): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(finding);
    else this.#omitted++;
  }

  warning(finding: Finding): void {
    this.#warnings.push(finding);
  }

  /** In file order; past 1,000 the rest is only counted, in a last one. */
  get problems(): readonly Problem[] {
    const problems = this.#located(this.#problems);
    if (this.#omitted === 0) return problems;
    const message = `there are ${this.#omitted} problems more`;
    return [...problems, { ...this.position(this.#text.length), path: '', message, hint: 'mend those above first' }];
  }

  /** In file order. */
  get warnings(): readonly Problem[] {
    return this.#located(this.#warnings);
  }

  /** The 1-based position of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  #located(findings: readonly Finding[]): readonly Problem[] {
    return findings
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, path, message, hint }) => ({ ...this.position(offset), path, message, hint }));
  }
}

/** Offsets at which lines begin, for every convention of line ends. */
function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length);
  return starts;
}
