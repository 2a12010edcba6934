import type { Ack, Bus } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';

const AT_A_TIME = 256;

/**
 * Takes everything of a run that waits in a queue and counts its ops as dropped. Elements of others go back where they
 * were; what cannot be read is set aside.
 */
export async function dropQueued(bus: Bus, queue: number, run: string): Promise<void> {
  const consumer = await bus.consumer(queue, 'publisher');
  const foreign: string[] = [];
  try {
    for (;;) {
      const elements = await consumer.claim(AT_A_TIME, millis(1));
      if (elements.length === 0) break;
      const acks: Ack[] = [];
      for (const element of elements) {
        const ack = ackOf(element, run);
        if (ack === undefined) foreign.push(element);
        else acks.push(ack);
      }
      if (acks.length > 0) await consumer.ack(acks);
    }
    if (foreign.length > 0) await consumer.giveBack(foreign);
  } finally {
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
