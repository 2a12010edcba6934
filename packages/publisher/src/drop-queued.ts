import type { Ack, Bus } from '@drumline/core/bus';
import { type Millis, millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';

const AT_A_TIME = 256;
/** The name that the elements are claimed under. */
const NAME = 'publisher';
/** The name counts as alive for so long: without a heartbeat workers would give back what it has just claimed. */
const TTL: Millis = millis(30_000);

/**
 * Takes everything of a run that waits in queues 0…`queues`−1 and counts its ops as dropped. Elements of others go back
 * where they were.
 */
export async function dropQueued(bus: Bus, queues: number, run: string): Promise<void> {
  await bus.heartbeat(NAME, '{}', TTL);
  try {
    for (let queue = 0; queue < queues; queue += 1) await dropFrom(bus, queue, run);
  } finally {
    await bus.leave(NAME);
  }
}

async function dropFrom(bus: Bus, queue: number, run: string): Promise<void> {
  const consumer = await bus.consumer(queue, NAME);
  const foreign: string[] = [];
  try {
    for (;;) {
      const elements = await consumer.claim(AT_A_TIME, millis(0));
      if (elements.length === 0) break;
      const acks: Ack[] = [];
      for (const element of elements) {
        const ack = ackOf(element, run);
        if (ack === undefined) foreign.push(element);
        else acks.push(ack);
      }
      if (acks.length > 0) await consumer.ack(acks);
    }
  } finally {
    if (foreign.length > 0) await consumer.giveBack(foreign);
    await consumer.close();
  }
}

/** `undefined` for what is not a batch of the run: workers know what to do with it. */
function ackOf(element: string, run: string): Ack | undefined {
  try {
    const read = decodeElement(element);
    if (read.kind !== 'batch' || read.batch.run !== run) return undefined;
    return { element, run, task: read.batch.task, ok: 0, failed: 0, dropped: read.batch.count };
  } catch {
    return undefined;
  }
}
