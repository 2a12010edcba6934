import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';

/** A Redis that is there answers within this, even one that pauses; nobody who wants to end waits any longer for it. */
const ANSWERS_WITHIN = millis(5_000);
const ASK_EVERY = millis(500);

/**
 * Whoever asks a process to end need not wait for a Redis that is away: from `told` on, resolves with an error as soon as the
 * bus leaves a question unanswered for 5 s. Resolves with `undefined` when `over` is aborted first.
 */
export async function absence(bus: Bus, told: AbortSignal, over: AbortSignal): Promise<DrumlineError | undefined> {
  await aborted(AbortSignal.any([told, over]));
  while (!over.aborted) {
    const asked = new AbortController();
    const answer = bus.time().then(
      () => true,
      () => false,
    );
    const isThere = await Promise.race([
      answer,
      delay(ANSWERS_WITHIN, AbortSignal.any([over, asked.signal])).then(() => false),
    ]);
    asked.abort();
    if (over.aborted) return undefined;
    if (!isThere) {
      return new DrumlineError('DRUM_BUS_UNREACHABLE', `Redis did not answer for ${ANSWERS_WITHIN / 1_000} s`, {
        hint: 'Ended without it: what this process holds goes to others when it has been silent for some seconds.',
      });
    }
    await delay(ASK_EVERY, over);
  }
  return undefined;
}

/** Waits for `work`, but from `told` on no longer than the bus is there: see `absence`. @throws DrumlineError DRUM_BUS_UNREACHABLE */
export async function unlessAbsent<T>(work: Promise<T>, bus: Bus, told: AbortSignal): Promise<T> {
  const over = new AbortController();
  const gone = Promise.withResolvers<never>();
  void absence(bus, told, over.signal).then((error) => error !== undefined && gone.reject(error));
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    over.abort();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
