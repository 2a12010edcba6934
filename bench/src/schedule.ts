import { type Schedule, scheduleOf } from '@drumline/core/schedule';
import { BEAT, micros } from '@drumline/core/units';
import type { Benchmark } from './benchmark.ts';
import { figure, printTable } from './table.ts';

const DAY = micros(86_400_000_000);
const BEATS_A_DAY = DAY / BEAT;
const CURVE = Array.from({ length: 24 }, (_, hour) => (hour % 4 === 1 ? '0' : `0.9${hour % 10}`));
/** ms */
const BUDGET = 400;

const CHUNK = 50;

/** The median over chunks of `CHUNK` beats, so that what else the machine does is not counted; the first half warms up. */
function cost(schedule: Schedule): { beat: number; batches: number } {
  const cursor = schedule.from();
  const chunks: number[] = [];
  let batches = 0;
  for (const begin = performance.now(); performance.now() - begin < BUDGET; ) {
    const start = performance.now();
    for (let i = 0; i < CHUNK; i++) batches += cursor.next().length;
    chunks.push(((performance.now() - start) * 1e6) / CHUNK);
  }
  const warm = chunks.slice(chunks.length >> 1).sort((a, b) => a - b);
  return { beat: warm[warm.length >> 1] ?? Number.NaN, batches: batches / (chunks.length * CHUNK) };
}

/** Ops that 24 h of virtual time are off: 10,000 beats all over the day, each against its exact share, and the day's end. */
function drifted(schedule: Schedule, perBeat: number): number {
  let worst = Math.abs(schedule.total - perBeat * BEATS_A_DAY);
  for (let i = 0; i < 10_000; i++) {
    const beat = Math.floor((i * (BEATS_A_DAY - 1)) / 9_999);
    const { batches } = schedule.beat({ beat, ops: perBeat * beat });
    const last = batches.at(-1);
    const end = last === undefined ? 0 : last.first + last.count;
    worst = Math.max(worst, Math.abs(end - perBeat * (beat + 1)), Math.abs((batches[0]?.first ?? 0) - perBeat * beat));
  }
  return worst;
}

/** What a beat of the schedule costs on one core. */
export const schedule: Benchmark = {
  name: 'schedule',
  about: 'ns of a beat of the schedule: constant rate, smooth curve, Poisson arrivals',
  options: {},
  run() {
    const rows = ['0.1', '10', '1000', '100000', '5000000'].map((qps) => {
      const constant = cost(scheduleOf({ qps, duration: DAY }));
      const smooth = cost(scheduleOf({ qps, duration: DAY, qpss: CURVE, curve: 'smooth' }));
      const poisson = cost(scheduleOf({ qps, duration: DAY, arrivals: 'poisson' }, hashDraw));
      const ns = [constant, smooth, poisson].map(({ beat }) => figure(beat));
      return [figure(Number(qps), qps === '0.1' ? 1 : 0), figure(constant.batches, 1), ...ns];
    });
    printTable('ns a beat, medians', ['ops/s', 'batches a beat', 'constant', 'smooth curve', 'Poisson'], rows, [
      'Poisson is fed by a cheap hash instead of Philox: what is measured is the schedule.',
    ]);
    return Promise.resolve();
  },
};

/** Whether a day of virtual time is exact. */
export const drift: Benchmark = {
  name: 'drift',
  about: 'ops that 24 h of virtual time are off: must be 0',
  options: {},
  run() {
    const rows = [1, 50, 50_000].map((perBeat) => [
      `${figure(perBeat * 100)} ops/s`,
      figure(perBeat * BEATS_A_DAY),
      drifted(scheduleOf({ qps: String(perBeat * 100), duration: DAY }), perBeat),
    ]);
    printTable('24 h of virtual time', ['plan', 'ops', 'ops off'], rows, [
      '10,000 beats all over the day, each against its exact share, and the day’s total.',
    ]);
    return Promise.resolve();
  },
};

/** A cheap stand-in for Philox: what is measured is the schedule. */
function hashDraw(beat: number, slot: number, i: number): number {
  let hash = Math.imul(beat, 0x9e3779b1) ^ Math.imul(slot + 1, 0x85ebca6b) ^ Math.imul(i + 7, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) / 2 ** 32;
}
