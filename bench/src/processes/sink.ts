/** Stands in for workers: claims batches and acknowledges all their ops as done, without executing anything. */
import { connectRedis, type RedisOptions } from '@drumline/bus';
import { millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';
import { cpuTime, serve, settings } from './serve.ts';

export interface SinkSettings {
  readonly bus: RedisOptions;
  readonly queues: number;
}

/** Elements of one claim. */
const CLAIM = 64;

const { bus: options, queues } = settings<SinkSettings>();
const bus = await connectRedis(options);
let going = true;

async function drain(queue: number): Promise<void> {
  const consumer = await bus.consumer(queue, 'sink');
  while (going) {
    const elements = await consumer.claim(CLAIM, millis(500));
    const acks = elements.map((element) => {
      const read = decodeElement(element);
      if (read.kind !== 'batch') throw new Error(`not a batch: ${element}`);
      const { run, task, count } = read.batch;
      return { element, run, task, ok: count, failed: 0, dropped: 0 };
    });
    await consumer.ack(acks);
  }
}

const all = Promise.all(Array.from({ length: queues }, (_, queue) => drain(queue)));
serve<'cpu', number>({}, cpuTime, async () => {
  going = false;
  await all;
  await bus.close();
});
