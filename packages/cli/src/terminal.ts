import { isatty } from 'node:tty';

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
    outIsTty: isatty(1),
    errIsTty: isatty(2),
    color: isatty(1) && env['NO_COLOR'] === undefined && env['TERM'] !== 'dumb',
    // A pseudo-terminal that nobody has given a size says 0.
    columns: () => stdout.columns || 100,
    rows: () => stdout.rows || 24,
  };
}
