import { readPlan, type Task } from '@drumline/core/plan';
import { scheduleOf, specOf } from '@drumline/core/schedule';
import { instant, micros } from '@drumline/core/units';
import { encodeBatch } from '@drumline/core/wire';
import { type Benchmark, median } from './benchmark.ts';
import { UPDATE } from './prefilled.ts';
import { figure, printTable } from './table.ts';

const RATES = [10, 5_000_000];
const BEATS = 2_000;
/** A day into the run, when the numbers are long. */
const SINCE = 86_400;
const START = 1_795_000_000_000_000;
const SEEDS = [15.38, 48.58, 7.36, 22.58, 4.82, 1.29];

/** Bytes of a list element at a low and at a high rate: it says which ops, never what they are. */
export const batch: Benchmark = {
  name: 'batch',
  about: 'bytes of a batch at 10 and at 5,000,000 ops/s',
  options: {},
  run() {
    const rows = RATES.flatMap((qps) => [row(qps, undefined), row(qps, SEEDS)]);
    printTable(
      `Batches of ${figure(BEATS)} beats, a day into the run`,
      ['plan', 'bytes, median', 'most', 'ops a batch', 'bytes an op'],
      rows,
      ['Aim: some 200 bytes at most, whatever the rate. With `seeds` a batch also says how far each stream is.'],
    );
    return Promise.resolve();
  },
};

function row(qps: number, seeds: readonly number[] | undefined): (string | number)[] {
  const [task] = readPlan(JSON.stringify({ ...UPDATE, qps, duration: 2 * SINCE }), 'bench').tasks;
  const spec = specOf(task as Task, { scale: '1', speed: '1', batchOps: 200, phase: undefined });
  const cursor = scheduleOf(spec).from({ beat: SINCE * 100, ops: SINCE * qps });
  const bytes: number[] = [];
  let ops = 0;
  for (let beat = 0; beat < BEATS; beat += 1) {
    for (const { first, count, at, span } of cursor.next()) {
      const positions = seeds?.map((weight) => Math.floor((first * weight) / 100));
      const element = {
        run: 'k3v9x2',
        task: 0,
        first,
        count,
        at: instant(START + at),
        span: micros(span),
        ...(positions && { positions }),
      };
      bytes.push(Buffer.byteLength(encodeBatch(element)));
      ops += count;
    }
  }
  const all = bytes.reduce((sum, size) => sum + size, 0);
  const name = `${figure(qps)} ops/s${seeds === undefined ? '' : `, ${seeds.length} seeds`}`;
  return [
    name,
    median(bytes),
    bytes.reduce((most, size) => Math.max(most, size), 0),
    figure(ops / bytes.length, 1),
    figure(all / ops, 2),
  ];
}
