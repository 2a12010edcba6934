import type { RedisBus } from '@drumline/bus';
import type { Log } from '@drumline/core/log';

/** Warns of a Redis that makes room by throwing away what a run depends on. */
export async function warnOfEviction(bus: RedisBus, log: Log): Promise<void> {
  const policy = await bus.evictionPolicy();
  if (policy === undefined) return;
  log.warn(
    { policy },
    `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), and a run that loses some cannot balance: set maxmemory-policy noeviction`,
  );
}
