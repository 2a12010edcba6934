/** What `npm run bench` knows of one benchmark. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly about: string;
  /** `--name value` on the command line, with the defaults. */
  readonly options: Readonly<Record<string, number>>;
  /** Measures and prints. `option` answers the value given, or the default. */
  run(option: (name: string) => number): Promise<void>;
}

/** The middle one; of an even number the lower of both. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

/** The value that `percent` % of the values do not exceed. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
