/** What scripts answer: the one table for Lua and TypeScript. Every script starts with it as the local `REPLY`. */
export const REPLY = {
  OK: 0,
  /** A newer epoch owns the queue. */
  FENCED: -1,
  /** Pushes before this one are missing. */
  GAP: -2,
  /** Somebody else holds the lock. */
  HELD: -3,
  /** What the call relied on is gone: the lock, or the run's ledger. */
  LOST: -4,
} as const;

/** The table as Lua source, on one line so that line numbers in Redis's error messages stay those of the file. */
export const REPLY_LUA = `local REPLY = { ${Object.entries(REPLY)
  .map(([name, code]) => `${name} = ${code}`)
  .join(', ')} } `;
