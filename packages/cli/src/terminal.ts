/** Where a command writes. The one place that looks at the process's streams. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person looks at standard output, or error. */
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  readonly color: boolean;
  columns(): number;
  rows(): number;
}

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outIsTty: stdout.isTTY === true,
    errIsTty: stderr.isTTY === true,
    color: stdout.isTTY === true && env['NO_COLOR'] === undefined && env['TERM'] !== 'dumb',
    columns: () => stdout.columns ?? 100,
    rows: () => stdout.rows ?? 24,
  };
}
