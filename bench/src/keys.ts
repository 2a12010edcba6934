import { OpDigest, OpSource, streamChoice, type TaskData, valueOf } from '@drumline/core/data';
import { Block, DOMAIN, draw, streamOf } from '@drumline/core/keys';
import { type Benchmark, median } from './benchmark.ts';
import { figure, printTable } from './table.ts';

/** Ops of one batch as the publisher cuts them. */
const BATCH = 200;
/** ms of a round: some hosts account CPU time in steps of 4 ms. */
const ROUND = 100;

/** The shipped traffic.json: task 1 writes by seed, task 2 reads by weighted seeds. */
const WRITE: TaskData = {
  action: 'updateItem',
  seed: '1',
  seeds: undefined,
  offset: 0,
  samples: 16,
  limit: 10,
  data: [
    { kind: 'suffixed', name: 'request_', r: 16, len: 8_000 },
    { kind: 'bytes', name: 'bid_feedback_2', len: 10_000 },
    { kind: 'literal', name: 'impression', value: 'this is text' },
  ],
};
const READ: TaskData = {
  ...WRITE,
  action: 'query',
  seeds: [15.38, 48.58, 7.36, 22.58, 4.82, 1.29],
  samples: 0,
  data: undefined,
};

/** What a line measures: does `count` of its thing; answers something that depends on all of them, so none is skipped. */
type Work = (count: number) => number;

function lines(): [name: string, aim: string, work: Work][] {
  const block = new Block();
  const stream = streamOf('1');
  const words = block.words;
  return [
    [
      'raw key (one Philox block)',
      '40',
      (count) => {
        let sum = 0;
        for (let n = 0; n < count; n++) {
          draw(words, stream, n, DOMAIN.key, 0);
          sum ^= words[0]!;
        }
        return sum;
      },
    ],
    [
      'hex key',
      '75',
      (count) => {
        let sum = 0;
        for (let n = 0; n < count; n++) {
          draw(words, stream, n, DOMAIN.key, 0);
          sum += block.hex().length;
        }
        return sum;
      },
    ],
    ['stream choice (publisher walks positions)', '20', advance()],
    ['op: updateItem, samples 16', '250', ops(WRITE)],
    ['op: updateItem, samples 0', '250', ops({ ...WRITE, samples: 0 })],
    ['op: query by seeds', '250', ops(READ)],
    ['op: batchGetItem of 10', '2500', ops({ ...WRITE, action: 'batchGetItem', samples: 10 })],
    ['value of 8,000 bytes', '', values()],
    ['digest of an updateItem', '100', digest()],
  ];
}

function advance(): Work {
  const choice = streamChoice(READ)!;
  const positions = new Float64Array(choice.size);
  return (count) => {
    for (let m = 0; m < count; m += BATCH) choice.advance(positions, m, BATCH);
    return positions[0]!;
  };
}

function ops(task: TaskData): Work {
  const source = new OpSource(task, []);
  const intended = new Float64Array(BATCH);
  const positions = new Float64Array(task.seeds?.length ?? 0);
  const choice = streamChoice(task);
  return (count) => {
    positions.fill(0);
    let sum = 0;
    for (let first = 0; first < count; first += BATCH) {
      const batch = { first, count: BATCH, ...(choice && { positions: [...positions] }) };
      sum += source.ops(batch, intended).at(-1)!.items[0]!.word;
      choice?.advance(positions, first, BATCH);
    }
    return sum;
  };
}

function values(): Work {
  const made = new OpSource(WRITE, []).ops({ first: 0, count: BATCH }, new Float64Array(BATCH));
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const item = made[i % BATCH]!.items[0]!;
      const value = valueOf(item, item.row[0]!);
      if (value instanceof Uint8Array) sum += value[0]!;
    }
    return sum;
  };
}

function digest(): Work {
  const made = new OpSource(WRITE, []).ops({ first: 0, count: BATCH }, new Float64Array(BATCH));
  const sum = new OpDigest();
  return (count) => {
    for (let i = 0; i < count; i++) sum.add(0, made[i % BATCH]!);
    return Number.parseInt(sum.toString().slice(8), 16);
  };
}

/** Warms the work up, and answers how often it is to be done for a round: a multiple of `BATCH`. */
function countFor(work: Work): number {
  for (let count = 100 * BATCH; ; count *= 2) {
    const start = performance.now();
    work(count);
    if (performance.now() - start >= ROUND) return count;
  }
}

/**
 * What keys, choices, ops and values cost: median and best of the rounds, in ns of this thread's CPU time, so that other
 * processes on the machine disturb it less.
 */
export const keys: Benchmark = {
  name: 'keys',
  about: 'ns of a key, a stream choice, an op, a value',
  options: { rounds: 9 },
  async run(option) {
    const rows: string[][] = [];
    for (const [name, aim, work] of lines()) {
      const count = countFor(work);
      const rounds: number[] = [];
      for (let round = 0; round < option('rounds'); round++) {
        const start = process.threadCpuUsage();
        work(count);
        const spent = process.threadCpuUsage(start);
        rounds.push(((spent.user + spent.system) * 1_000) / count);
        // Lets the process be interrupted between rounds.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      rows.push([name, figure(median(rounds), 1), figure(Math.min(...rounds), 1), aim]);
    }
    printTable('ns of CPU time each', ['what', 'median', 'best', 'aim'], rows);
  },
};
