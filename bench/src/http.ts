import { startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { prefill, SPEED_HEAD, type Speed, speedOf, speedRow } from './prefilled.ts';
import type { DispatchSample } from './processes/dispatch-loop.ts';
import { printTable } from './table.ts';
import { engineRound } from './worker-redis.ts';

const THREADS = 4;
/** Requests in flight, each on a connection of its own, everybody the same. */
const IN_FLIGHT = 64;
const OPS_A_SECOND = 150_000;

/** A whole engine of a worker against a bare server in a process of its own, beside undici alone; rounds alternate. */
export const http: Benchmark = {
  name: 'http',
  about: 'HTTP GETs a second of one core against a bare server: a worker’s engine beside undici’s dispatch alone',
  options: { seconds: 3, rounds: 3 },
  async run(option) {
    await using bus = await startRedis();
    const server = await Child.start<never, never>('canned-dynamodb', {});
    const origin = `http://127.0.0.1:${String(server.hello)}`;
    const speeds: Record<'fixed' | 'template' | 'dispatch', Speed[]> = { fixed: [], template: [], dispatch: [] };
    try {
      for (let round = 0; round < option('rounds'); round += 1) {
        for (const [name, path] of [
          ['fixed', '/'],
          ['template', '/items/{{key}}?page={{random 1 100}}'],
        ] as const) {
          await bus.cli('FLUSHALL');
          const task = { action: 'http', seed: 1, request: { url: origin + path }, checks: { status: 200 } };
          await prefill({ url: bus.url, prefix: 'bench' }, (option('seconds') + 2) * OPS_A_SECOND, THREADS, task);
          const measured = await engineRound(bus.url, { db: 'http' }, option('seconds'), { inFlight: IN_FLIGHT });
          speeds[name].push(...measured.speeds);
        }
        const loop = await Child.start<'sample', DispatchSample>('dispatch-loop', { origin, inFlight: IN_FLIGHT });
        speeds.dispatch.push(...(await speedOf(() => loop.ask('sample'), option('seconds'))).speeds);
        await loop.stop();
      }
    } finally {
      await server.stop();
    }
    printTable(
      `HTTP: GET of 61 bytes over loopback, ${IN_FLIGHT} connections, ${option('rounds')} rounds, which alternate`,
      SPEED_HEAD,
      [
        speedRow('drumline worker engine', speeds.fixed),
        speedRow('… with key and draw in its URL', speeds.template),
        speedRow('undici dispatch, one client a connection', speeds.dispatch),
      ],
      [
        'CPU time is that of the whole process, its garbage collector included; the server has the other core.',
        'The engine claims, makes keys, sends at the intended start, checks the status, measures five histograms and acknowledges; the loop only sends.',
      ],
    );
  },
};
