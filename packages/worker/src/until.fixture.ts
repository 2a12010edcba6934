import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once the condition holds. @throws Error naming it when it does not within 10 s. */
export async function until(condition: () => boolean | Promise<boolean>, what = condition.toString()): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(2);
  }
}
