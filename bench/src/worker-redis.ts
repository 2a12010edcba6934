import { startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { configText, prefill, SPEED_HEAD, type Speed, speedOf, speedRow, VALUE_BYTES } from './prefilled.ts';
import type { EngineSample, EngineSettings } from './processes/engine.ts';
import type { LoopSample, LoopSettings } from './processes/ioredis-loop.ts';
import { figure, printTable } from './table.ts';

const THREADS = 4;
/** Ops in flight, everybody the same. */
const IN_FLIGHT = 1_000;
/** Ops put on the queues for each second that is measured: more than anybody does. */
const OPS_A_SECOND = 800_000;

/** A whole engine of a worker against a Redis of its own, beside ioredis in a plain loop; rounds alternate. */
export const workerRedis: Benchmark = {
  name: 'worker-redis',
  about: 'Redis ops a second of one core: a worker’s engine with bus, statistics and ledger, beside plain ioredis',
  options: { seconds: 3, rounds: 3 },
  async run(option) {
    await using bus = await startRedis();
    await using target = await startRedis();
    const speeds: Record<'engine' | 'set' | 'hset', Speed[]> = { engine: [], set: [], hset: [] };
    let failed = 0;
    for (let round = 0; round < option('rounds'); round += 1) {
      await bus.cli('FLUSHALL');
      await prefill({ url: bus.url, prefix: 'bench' }, (option('seconds') + 1) * OPS_A_SECOND, THREADS);
      const engine = await engineRound(
        bus.url,
        { db: 'redis', endpoint: `127.0.0.1:${target.port}` },
        option('seconds'),
      );
      speeds.engine.push(...engine.speeds);
      failed += engine.last.failed;
      for (const command of ['set', 'hset'] as const) {
        speeds[command].push(
          ...(await loopRound(
            { port: target.port, inFlight: IN_FLIGHT, valueBytes: VALUE_BYTES, command },
            option('seconds'),
          )),
        );
      }
    }
    printTable(
      `Redis: one value of ${VALUE_BYTES} bytes an op, ${figure(IN_FLIGHT)} in flight, ${option('rounds')} rounds, which alternate`,
      SPEED_HEAD,
      [
        speedRow('drumline worker engine, updateItem (HSET)', speeds.engine),
        speedRow('ioredis set, autopipelining', speeds.set),
        speedRow('ioredis hset, autopipelining', speeds.hset),
      ],
      [
        `CPU time is that of the whole process, its garbage collector included. ${failed} ops failed.`,
        'The engine claims, makes keys and values, sends at the intended start, measures three histograms and acknowledges; the loops only send.',
      ],
    );
  },
};

/** Starts an engine on full queues and measures it. */
export async function engineRound(
  url: string,
  target: EngineSettings['target'],
  seconds: number,
  { inFlight = IN_FLIGHT, plain = false } = {},
): Promise<{ speeds: Speed[]; last: EngineSample }> {
  const settings: EngineSettings = {
    bus: { url, prefix: 'bench' },
    config: configText(THREADS, inFlight),
    target,
    plain,
  };
  const engine = await Child.start<'sample', EngineSample>('engine', settings);
  try {
    const { speeds, last } = await speedOf(() => engine.ask('sample'), seconds);
    if (last.errors.length > 0) throw new Error(`ops failed: ${last.errors.join(', ')}`);
    return { speeds, last };
  } finally {
    await engine.stop();
  }
}

async function loopRound(settings: LoopSettings, seconds: number): Promise<Speed[]> {
  const loop = await Child.start<'sample', LoopSample>('ioredis-loop', settings);
  try {
    return (await speedOf(() => loop.ask('sample'), seconds)).speeds;
  } finally {
    await loop.stop();
  }
}
