import { delay } from '@drumline/core/clock';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';

const AGAIN_AFTER = millis(250);
/** What a service that is starting or overrun answers, and what passes by itself. */
const PASSES: ReadonlySet<ErrorCode> = new Set(['DRUM_CONNECT', 'DRUM_DDB_SERVER', 'DRUM_DDB_THROTTLED']);

/** Tries again what fails with a code that passes by itself, until `within` is over; without it, tries once. */
export async function patiently<T>(within: Millis | undefined, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + (within ?? 0);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const passes = error instanceof DrumlineError && PASSES.has(error.code);
      if (!passes || performance.now() >= deadline) throw error;
    }
    await delay(AGAIN_AFTER);
  }
}
