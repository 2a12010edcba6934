import { defused } from './defused.ts';
import { type ErrorCode, REGISTRY } from './registry.ts';

/** How a process that ends with an error reports it. See `docs/errors.md`. */
export const EXIT = {
  done: 0,
  bug: 1,
  badInput: 2,
  thresholds: 3,
  unreachable: 4,
  incomplete: 5,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that a user can act on: a stable code, a message that names the thing, the bound and the value, and a hint
 * that says the fix. The exit code follows from the code. Whatever message and hint quote, no terminal will obey it.
 */
export class DrumlineError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(defused(message), options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'DrumlineError';
    this.code = code;
    this.hint = options.hint === undefined ? undefined : defused(options.hint);
  }

  get exit(): Exit {
    return REGISTRY[this.code].exit;
  }
}
