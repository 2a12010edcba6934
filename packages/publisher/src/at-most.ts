import type { Clock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { Millis } from '@drumline/core/units';

/** Waits for work to end, well or not, but no longer than so long. What fails is logged. Never rejects. */
export async function atMost(work: Promise<unknown>, limit: Millis, clock: Clock, log: Log): Promise<void> {
  const done = new AbortController();
  const watched = work.then(
    () => done.abort(),
    (error: unknown) => {
      log.warn({ err: error }, 'a step of the end of the run failed');
      done.abort();
    },
  );
  await Promise.race([watched, clock.sleep(limit, done.signal)]);
}
