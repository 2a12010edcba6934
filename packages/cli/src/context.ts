import type { Terminal } from './terminal.ts';

/** What every command gets besides its own options. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: string;
  readonly pid: number;
}
