import { describe, expect, test } from 'vitest';
import { DrumlineError } from '../errors/index.ts';
import type { Task } from '../plan/index.ts';
import { instant, micros } from '../units/index.ts';
import { DAY, HOUR } from './curve.ts';
import { intendedTimes } from './intended.ts';
import { phaseOf } from './phase.ts';
import { BEGINNING, type Schedule, scheduleOf } from './schedule.ts';
import { type ScheduleSpec, specOf } from './spec.ts';
import { summaryOf } from './summary.ts';

const second = (value: number): ReturnType<typeof micros> => micros(value * 1_000_000);

/** `beat: ops first…last @ at+span`, the beats that have any, among the first `beats`. */
function play(schedule: Schedule, beats: number): string[] {
  const lines: string[] = [];
  const cursor = schedule.from(BEGINNING);
  for (let beat = 0; beat < beats; beat++) {
    for (const { first, count, at, span } of cursor.next())
      lines.push(`${beat}: ${first}…${first + count - 1} @ ${at}+${span}`);
  }
  return lines;
}

describe('which ops a beat holds', () => {
  const all24 = Array<string>(24).fill('1');
  test.each<[string, ScheduleSpec, number, string[]]>([
    [
      '1,000/s is ten ops a beat, the first after 1 ms, the last on the next beat',
      { qps: '1000', duration: second(1) },
      2,
      ['0: 0…9 @ 1000+9000', '1: 10…19 @ 11000+9000'],
    ],
    [
      '100/s is one op a beat, on its end',
      { qps: '100', times: 3 },
      9,
      ['0: 0…0 @ 10000+0', '1: 1…1 @ 20000+0', '2: 2…2 @ 30000+0'],
    ],
    [
      '40/s is an op every 25 ms',
      { qps: '40', times: 4 },
      20,
      ['2: 0…0 @ 25000+0', '4: 1…1 @ 50000+0', '7: 2…2 @ 75000+0', '9: 3…3 @ 100000+0'],
    ],
    [
      '150/s alternates between one and two',
      { qps: '150', duration: second(1) },
      4,
      ['0: 0…0 @ 6667+0', '1: 1…2 @ 13334+6666', '2: 3…3 @ 26667+0', '3: 4…5 @ 33334+6666'],
    ],
    [
      '45,000/s is cut into three even batches, not 200, 200, 50',
      { qps: '45000', times: 450 },
      2,
      ['0: 0…149 @ 23+3311', '0: 150…299 @ 3356+3311', '0: 300…449 @ 6689+3311'],
    ],
    [
      'a batch holds no more than it may',
      { qps: '1000', times: 10, batchOps: 4 },
      1,
      ['0: 0…2 @ 1000+2000', '0: 3…5 @ 4000+2000', '0: 6…9 @ 7000+3000'],
    ],
    [
      'times ends in the middle of a beat',
      { qps: '1000', times: 13 },
      5,
      ['0: 0…9 @ 1000+9000', '1: 10…12 @ 11000+2000'],
    ],
    [
      'duration ends in the middle of a beat',
      { qps: '1000', duration: micros(12_500) },
      5,
      ['0: 0…9 @ 1000+9000', '1: 10…11 @ 11000+1000'],
    ],
    [
      'an op due just when the duration ends still belongs to it',
      { qps: '1000', duration: micros(3_000) },
      5,
      ['0: 0…2 @ 1000+2000'],
    ],
    [
      'a rate cut in half splits the beat’s batch where it changes',
      { qps: '1000', times: 10, history: [{ at: micros(5_000), factor: '0.5' }] },
      2,
      ['0: 0…4 @ 1000+4000', '0: 5…6 @ 7000+2000', '1: 7…9 @ 11000+4000'],
    ],
    [
      'factor 0 holds the task, and a later one lets it go on',
      {
        qps: '1000',
        times: 20,
        history: [
          { at: micros(10_000), factor: '0' },
          { at: micros(30_000), factor: '1' },
        ],
      },
      5,
      ['0: 0…9 @ 1000+9000', '3: 10…19 @ 31000+9000'],
    ],
    [
      'a factor may be a fraction: 300/s becomes 1,000/s',
      { qps: '300', times: 10, history: [{ at: micros(0), factor: '1000/300' }] },
      2,
      ['0: 0…9 @ 1000+9000'],
    ],
    [
      'scale multiplies qps and times',
      { qps: '100', times: 3, scale: '2.5' },
      9,
      ['0: 0…1 @ 4000+4000', '1: 2…4 @ 12000+8000', '2: 5…6 @ 24000+4000'],
    ],
    [
      'speed leaves a constant rate alone and shortens the duration',
      { qps: '1000', duration: micros(30_000), speed: '3' },
      5,
      ['0: 0…9 @ 1000+9000'],
    ],
    ['a curve of ones is no curve', { qps: '1000', qpss: all24, times: 10 }, 5, ['0: 0…9 @ 1000+9000']],
  ])('%s', (_, spec, beats, expected) => {
    expect(play(scheduleOf(spec), beats)).toEqual(expected);
  });
});

describe('how many ops a schedule holds and when it ends', () => {
  test.each<[string, ScheduleSpec, number, number]>([
    ['0.29/s for 100 s is 29 ops, not 28', { qps: '0.29', duration: second(100) }, 29, 100_000_000],
    ['0.1/s for 10 s is one op', { qps: '0.1', duration: second(10) }, 1, 10_000_000],
    ['0.1/s for a µs less is none', { qps: '0.1', duration: micros(9_999_999) }, 0, 9_999_999],
    ['0.7/s reaches the seventh op after 10 s', { qps: '0.7', times: 7 }, 7, 10_000_000],
    ['3/s reaches the first op a third of a second in, rounded up', { qps: '3', times: 1 }, 1, 333_334],
    ['times comes before duration', { qps: '10', times: 50, duration: second(10) }, 50, 5_000_000],
    ['duration comes before times', { qps: '10', times: 500, duration: second(10) }, 100, 10_000_000],
    ['both at once end with the last op', { qps: '10', times: 100, duration: second(10) }, 100, 10_000_000],
    [
      'times reached within the duration’s last gap end with the last op',
      { qps: '10', times: 100, duration: micros(10_050_000) },
      100,
      10_000_000,
    ],
    ['scale makes at least one op', { qps: '10', times: 3, scale: '0.01' }, 1, 10_000_000],
    ['scale rounds times down', { qps: '10', times: 3, scale: '0.5' }, 1, 200_000],
    ['0.29 times 100 is 29', { qps: '1', times: 100, scale: '0.29' }, 29, 100_000_000],
    ['speed divides the duration', { qps: '1000', duration: second(10), speed: '4' }, 2_500, 2_500_000],
    [
      'a duration that speed makes a fraction of a µs is not rounded for the count',
      { qps: '1000000', duration: micros(10), speed: '4' },
      2,
      3,
    ],
    ['speed keeps the count of times', { qps: '1000', times: 77, speed: '4' }, 77, 77_000],
    ['a day at 5,000,000/s', { qps: '5000000', duration: micros(DAY) }, 432_000_000_000, DAY],
  ])('%s', (_, spec, total, end) => {
    const schedule = scheduleOf(spec);
    expect([schedule.total, schedule.end]).toEqual([total, end]);
    expect(schedule.countAt(Infinity)).toBe(total);
  });

  test('speed runs the curve faster: a day in 20 s has the day’s mean rate', () => {
    const qpss = Array.from({ length: 24 }, (_, hour) => (hour < 12 ? '1' : '0.5'));
    const schedule = scheduleOf({ qps: '1000', qpss, duration: micros(DAY), speed: '4320' });
    expect([schedule.total, schedule.end]).toEqual([15_000, 20_000_000]);
    expect([schedule.rateAt(9_999_999), schedule.rateAt(10_000_000)]).toEqual([1_000, 500]);
  });

  test('the phase says where on the curve it starts', () => {
    const qpss = Array.from({ length: 24 }, (_, hour) => (hour === 13 ? '3' : '1'));
    const schedule = scheduleOf({ qps: '1', qpss, phase: micros(12.5 * HOUR), duration: micros(HOUR) });
    expect(schedule.total).toBe(1_800 + 3 * 1_800);
  });

  test('a factor too low for `times` ever to be reached leaves the end open', () => {
    const schedule = scheduleOf({ qps: '1000', times: 100, history: [{ at: micros(10_000), factor: '0' }] });
    expect([schedule.total, schedule.end]).toEqual([100, Infinity]);
    const cursor = schedule.from();
    for (let beat = 0; beat < 50; beat++) cursor.next();
    expect(cursor.position).toEqual({ beat: 50, ops: 10 });
    expect(cursor.done).toBe(false);
    expect(summaryOf(schedule).samples).toEqual([]);
  });
});

describe('24 h at 5,000,000/s', () => {
  const schedule = scheduleOf({ qps: '5000000', duration: micros(DAY) });

  test('do not drift: every beat holds its 50,000 ops in 250 batches', () => {
    for (let i = 0; i < 400; i++) {
      const beat = Math.floor((i * 8_639_999) / 399);
      const { batches, next } = schedule.beat({ beat, ops: beat * 50_000 });
      expect(batches).toHaveLength(250);
      expect(batches[0]).toEqual({ first: beat * 50_000, count: 200, at: beat * 10_000 + 1, span: 39 });
      expect(batches.at(-1)).toEqual({
        first: beat * 50_000 + 49_800,
        count: 200,
        at: beat * 10_000 + 9_961,
        span: 39,
      });
      expect(next).toEqual({ beat: beat + 1, ops: (beat + 1) * 50_000 });
    }
    expect(schedule.isDone({ beat: 8_640_000, ops: 432_000_000_000 })).toBe(true);
  });

  test('are the sum of their seconds, with a curve too', () => {
    const curve = scheduleOf({
      ...schedule.spec,
      qpss: Array.from({ length: 24 }, (_, h) => (h % 3 === 0 ? `0.${h + 1}7` : '0')),
    });
    for (const day of [schedule, curve]) {
      let sum = 0;
      for (let t = 0; t < DAY; t += 10_000_000) sum += day.countBetween(t, t + 10_000_000);
      expect(sum).toBe(day.total);
    }
  });
});

test('on a slope that is steep even within a beat, every op stays within 1 µs of its instant', () => {
  const qpss = Array.from({ length: 24 }, (_, hour) => (hour % 2 === 1 ? '0' : hour % 4 === 0 ? '0.1' : '2'));
  const schedule = scheduleOf({ qps: '20000', qpss, duration: micros(6 * HOUR), speed: '86400' });
  const cursor = schedule.from();
  const off: number[] = [];
  while (!cursor.done) {
    for (const batch of cursor.next()) {
      intendedTimes(batch, 'even', () => 0).forEach((time, i) => off.push(time - schedule.intendedAt(batch.first + i)));
    }
  }
  expect(off).toHaveLength(schedule.total);
  expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(1);
});

describe('positions', () => {
  test('one that does not fit the schedule is refused', () => {
    expect(() => scheduleOf({ qps: '1000', times: 100 }).from({ beat: 3, ops: 29 })).toThrow(RangeError);
  });

  test('a cursor that is done stays where it is', () => {
    const cursor = scheduleOf({ qps: '1000', times: 13 }).from();
    while (!cursor.done) cursor.next();
    expect(cursor.position).toEqual({ beat: 2, ops: 13 });
    expect(cursor.next()).toEqual([]);
    expect(cursor.position).toEqual({ beat: 2, ops: 13 });
  });
});

describe('the summary', () => {
  test('says what a day will be', () => {
    const qpss = Array.from({ length: 24 }, (_, hour) => (hour < 6 ? '1' : '0.5'));
    const { total, exact, end, peak, mean, samples } = summaryOf(
      scheduleOf({ qps: '100', qpss, duration: micros(DAY) }),
      4,
    );
    expect({ total, exact, end, peak, mean }).toEqual({
      total: 5_400_000,
      exact: { total: true, end: true },
      end: DAY,
      peak: 100,
      mean: 62.5,
    });
    expect(samples.map(({ rate }) => rate)).toEqual([100, 50, 50, 50]);
    expect(samples[1]).toEqual({ from: 6 * HOUR, to: 12 * HOUR, rate: 50 });
  });

  test('finds the peak of a slope that is cut off, and of a live change', () => {
    const qpss = Array.from({ length: 24 }, (_, hour) => (hour === 0 ? '1' : hour === 3 ? '3' : '0'));
    const slope = { qps: '10', qpss, duration: micros(2 * HOUR) };
    expect(scheduleOf(slope).peak()).toBeCloseTo(20, 9);
    const history = [
      { at: micros(HOUR / 2), factor: '5' },
      { at: micros(HOUR), factor: '1' },
    ];
    expect(scheduleOf({ ...slope, history }).peak()).toBeCloseTo(50, 9);
  });

  test('of Poisson arrivals says what is only expected', () => {
    const bounds = [{ times: 10 }, { duration: second(10) }, { times: 10, duration: second(10) }];
    const exact = bounds.map((bound) => summaryOf(scheduleOf({ qps: '1', arrivals: 'poisson', ...bound })).exact);
    expect(exact).toEqual([
      { total: true, end: false },
      { total: false, end: true },
      { total: false, end: false },
    ]);
  });
});

const thrown = (spec: ScheduleSpec): DrumlineError => {
  try {
    scheduleOf(spec);
  } catch (error) {
    if (error instanceof DrumlineError) return error;
  }
  throw new Error('not refused');
};

describe('what is refused', () => {
  test.each<[string, ScheduleSpec, string]>([
    ['2⁵³ ops and more by duration', { qps: '1000000000', duration: micros(9_100_000_000_000) }, 'DRUM_PLAN_TOO_LARGE'],
    ['2⁵³ ops and more by scale', { qps: '1', times: 9e15, scale: '2' }, 'DRUM_PLAN_TOO_LARGE'],
    ['an end in 300 years', { qps: '1e-9', times: 10 }, 'DRUM_PLAN_TOO_LARGE'],
    [
      'a speed that makes it last 300 years',
      { qps: '1e-9', duration: micros(1e15), speed: '0.1' },
      'DRUM_PLAN_TOO_LARGE',
    ],
    ['a rate that no fleet can send', { qps: '1e10', times: 1 }, 'DRUM_PLAN_TOO_LARGE'],
    [
      'a factor that makes one',
      { qps: '1e9', times: 1, history: [{ at: micros(0), factor: '1.01' }] },
      'DRUM_PLAN_TOO_LARGE',
    ],
    ['no bound', { qps: '1' }, 'DRUM_PLAN_INVALID'],
    ['qps 0', { qps: '0', times: 1 }, 'DRUM_PLAN_INVALID'],
    ['a negative qps', { qps: '-1', times: 1 }, 'DRUM_PLAN_INVALID'],
    ['23 multipliers', { qps: '1', times: 1, qpss: Array(23).fill('1') }, 'DRUM_PLAN_INVALID'],
    ['multipliers all 0', { qps: '1', times: 1, qpss: Array(24).fill('0') }, 'DRUM_PLAN_INVALID'],
    ['half an op', { qps: '1', times: 0.5 }, 'DRUM_PLAN_INVALID'],
    ['a duration of 0', { qps: '1', duration: micros(0) }, 'DRUM_PLAN_INVALID'],
    [
      'a history out of order',
      {
        qps: '1',
        times: 1,
        history: [
          { at: micros(2), factor: '1' },
          { at: micros(1), factor: '1' },
        ],
      },
      'DRUM_PLAN_INVALID',
    ],
    ['scale 0', { qps: '1', times: 1, scale: '0' }, 'DRUM_USAGE'],
    ['a speed that is no number', { qps: '1', times: 1, speed: 'fast' }, 'DRUM_USAGE'],
  ])('%s', (_, spec, code) => {
    const error = thrown(spec);
    expect([error.code, error.exit]).toEqual([code, 2]);
  });
});

test('a task’s schedule takes its clock, bounds and arrivals from the task', () => {
  const task: Task = {
    kind: 'task',
    action: 'getItem',
    qps: '2.5',
    qpss: undefined,
    curve: 'step',
    clock: 'wall',
    timezone: undefined,
    times: undefined,
    duration: 4_000_000,
    repeat: 1,
    seed: undefined,
    seeds: undefined,
    offset: 0,
    samples: 0,
    data: undefined,
    arrivals: 'even',
    late: undefined,
    limit: 10,
    line: 1,
  };
  const options = { scale: '2', speed: '4', phase: micros(HOUR), batchOps: 50 };
  expect(scheduleOf(specOf(task, options)).total).toBe(5);
  expect(specOf(task, options).phase).toBe(HOUR);
  expect(specOf({ ...task, clock: 'run' }, options).phase).toBe(0);
});

test.each([
  ['2026-01-15T12:34:56.789Z', 'UTC', 12, 34, 56.789],
  ['2026-01-15T12:34:56.789Z', 'Asia/Shanghai', 20, 34, 56.789],
  ['2026-01-15T12:34:56.789Z', 'Asia/Kathmandu', 18, 19, 56.789],
  ['2026-07-15T22:30:00Z', 'Europe/Berlin', 0, 30, 0],
  ['2026-01-15T00:00:00Z', 'America/New_York', 19, 0, 0],
  ['1969-12-31T23:59:59.250Z', 'UTC', 23, 59, 59.25],
] as const)('%s in %s is %d h %d min %d s after midnight', (text, timezone, hours, minutes, seconds) => {
  const at = instant(Date.parse(text) * 1_000);
  expect(phaseOf(at, timezone)).toBe(hours * HOUR + minutes * 60_000_000 + Math.round(seconds * 1_000_000));
});
