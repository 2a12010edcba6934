import { connectRedis, type RedisOptions } from '@drumline/bus';
import { delay } from '@drumline/core/clock';
import { readPlan } from '@drumline/core/plan';
import { encodeRun } from '@drumline/core/run';
import { type Instant, micros, millis, shift } from '@drumline/core/units';
import { encodeBatch } from '@drumline/core/wire';
import { median } from './benchmark.ts';

const BATCH = 200;
/** Elements of one push. */
const PUSH = 50;
/** µs between two pushes' intended starts. */
const BEAT_OF_PUSH = 1_000;

/** Bytes of the one value that an op writes. */
export const VALUE_BYTES = 100;

/** Writes one column of 100 bytes an op: HSET with one field, UpdateItem with one attribute. */
export const UPDATE = { action: 'updateItem', seed: 1, data: { field1: VALUE_BYTES } } as const;

/** Bounds ops in flight to `inFlight` over all `threads` of the one worker. */
export const configText = (threads: number, inFlight: number, table = 'stress'): string =>
  JSON.stringify({ table_name: table, region: 'us-east-1', threads, max_in_flight: Math.ceil(inFlight / threads) });

/**
 * Empties the bus and puts a run on it whose ops are all due: what a worker does with them shows how fast it is.
 * @returns the run's id.
 */
export async function prefill(
  options: RedisOptions,
  ops: number,
  threads: number,
  action: object = UPDATE,
): Promise<string> {
  const bus = await connectRedis(options);
  try {
    const text = JSON.stringify({ ...action, qps: 1_000_000, times: ops });
    const { tasks } = readPlan(text, 'bench');
    const run = `b${ops}x${threads}`;
    const origin: Instant = shift(await bus.time(), micros(-1_000_000));
    await bus.writeConfig(configText(threads, threads));
    const drawn = tasks.map((task) => ({ ...task, seed: task.seed ?? '1' }));
    await bus.writeRun(
      run,
      encodeRun({
        run,
        state: 'running',
        plan: text,
        tasks: drawn,
        queues: threads,
        scale: '1',
        speed: '1',
        origin,
        rates: [],
        pauses: [],
      }),
      1,
    );
    let first = 0;
    for (let push = 0; first < ops; push += 1) {
      const elements: string[] = [];
      const from = first;
      for (; elements.length < PUSH && first < ops; first += BATCH) {
        const count = Math.min(BATCH, ops - first);
        elements.push(encodeBatch({ run, task: 0, first, count, at: origin, span: micros(BEAT_OF_PUSH) }));
      }
      const seq = Math.floor(push / threads) + 1;
      await bus.push(push % threads, {
        run,
        epoch: 1,
        seq,
        beat: push,
        elements,
        published: new Map([[0, Math.min(first, ops) - from]]),
      });
    }
    return run;
  } finally {
    await bus.close();
  }
}

/** What both a worker and a peer can say of themselves. */
export interface Progress {
  readonly ok: number;
  /** µs */
  readonly cpu: number;
  /** ms */
  readonly at: number;
}

/** Ops a second over one stretch. */
export interface Speed {
  /** Of wall time. */
  readonly wall: number;
  /** Of the process's CPU time. */
  readonly core: number;
}

/** ms of a stretch: short enough for some of them to be left alone by what else the machine does. */
const STRETCH = 500;

/** How fast something is over `seconds`, stretch by stretch, after one second of warming up. */
export async function speedOf<S extends Progress>(
  sample: () => Promise<S>,
  seconds: number,
): Promise<{ speeds: Speed[]; last: S }> {
  await delay(millis(1_000));
  const speeds: Speed[] = [];
  let last = await sample();
  for (let stretch = 0; stretch < seconds * (1_000 / STRETCH); stretch += 1) {
    const before = last;
    await delay(millis(STRETCH));
    last = await sample();
    const ops = last.ok - before.ok;
    speeds.push({ wall: (ops / (last.at - before.at)) * 1_000, core: (ops / (last.cpu - before.cpu)) * 1e6 });
  }
  return { speeds, last };
}

export const SPEED_HEAD = ['one process', 'ops/s of CPU: median', 'best ½ s', 'ops/s of wall: median', 'best ½ s'];

export function speedRow(name: string, speeds: readonly Speed[]): (string | number)[] {
  const core = speeds.map((speed) => speed.core);
  const wall = speeds.map((speed) => speed.wall);
  return [name, median(core), Math.max(...core), median(wall), Math.max(...wall)];
}
