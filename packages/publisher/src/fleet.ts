import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { sameConfig } from '@drumline/core/config';
import { readyWorkers } from '@drumline/core/fleet';
import type { Log } from '@drumline/core/log';
import { askFleet, newCommand } from '@drumline/core/notify';
import { type Millis, millis } from '@drumline/core/units';

const UPDATE_WITHIN: Millis = millis(10_000);
const LOOK_EVERY: Millis = millis(100);

/**
 * Makes `<prefix>_cfg` say what the config file says: compared by meaning, so that a new comment reconfigures nobody;
 * when it differs it is written, and the workers that are there are told and waited for.
 */
export async function bringConfig(bus: Bus, text: string, secret: string | undefined, log: Log): Promise<void> {
  const present = await bus.readConfig();
  if (present !== undefined && sameConfig(present, text)) return;
  await bus.writeConfig(text);
  const command = await newCommand(bus, { cmd: 'update_config' }, secret);
  const answers = await askFleet(bus, command, { within: UPDATE_WITHIN, publisher: false });
  const failed = answers.filter(({ reply }) => reply?.ok !== true);
  for (const { from, reply } of failed) log.warn({ worker: from }, `did not take the new config: ${reply?.message ?? 'no answer'}`);
  log.info({ workers: answers.length - failed.length }, 'the config was written');
}

/** Waits for workers, so that the first beats find somebody. Goes on without them, saying so, when none come. */
export async function awaitWorkers(
  bus: Bus,
  { count, within }: { readonly count: number; readonly within: Millis },
  log: Log,
): Promise<void> {
  for (let waited = 0; ; waited += LOOK_EVERY) {
    const ready = (await readyWorkers(bus)).length;
    if (ready >= count) return;
    if (waited === 0) log.info({ ready, wanted: count }, 'waiting for workers');
    if (waited >= within) {
      return log.warn({ ready, wanted: count }, 'starting without them: what is published waits in the queues');
    }
    await delay(LOOK_EVERY);
  }
}
