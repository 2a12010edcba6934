import type { Exit } from './drumline-error.ts';

interface Entry {
  /** The process exit code when this error ends a command; for errors of single operations, the one of a bug. */
  readonly exit: Exit;
  /** One sentence for docs/errors.md: what happened. */
  readonly summary: string;
  /** One sentence for docs/errors.md: what to do. */
  readonly fix: string;
}

/**
 * Every error code there is. `docs/errors.md` is generated from this table, and a test compares the two.
 * Codes are stable: one that has been released keeps its meaning.
 */
export const REGISTRY = {
  // plan and config files
  DRUM_FILE_UNREADABLE: {
    exit: 2,
    summary: 'A file that was named could not be read.',
    fix: 'Check the path and the permissions.',
  },
  DRUM_PLAN_INVALID: {
    exit: 2,
    summary: 'The traffic file has one or more problems; each is listed with line and column.',
    fix: 'Mend each listed problem; `drumline validate` checks without running.',
  },
  DRUM_CONFIG_INVALID: {
    exit: 2,
    summary: 'The config has one or more problems; each is listed with line and column.',
    fix: 'Mend each listed problem; `drumline validate` checks without running.',
  },
  // command line
  DRUM_USAGE: {
    exit: 2,
    summary: 'An option or argument of the command is missing, unknown or out of bounds.',
    fix: 'See `drumline <command> --help`.',
  },
  // bus
  // wire
  // targets
  // publisher and worker
  // notify
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof REGISTRY;
