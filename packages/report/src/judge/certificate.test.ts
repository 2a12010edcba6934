import { Seconds, TaskStats } from '@drumline/core/stats';
import { instant, micros, millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FanIn } from '../fan-in.ts';
import { at, T0, workerReport } from '../worker-report.fixture.ts';
import { type CertificateInput, certify, judgeRate } from './certificate.ts';
import { KeptRate } from './kept-rate.ts';

const SECOND = 1_000_000;

interface Send {
  readonly due: number;
  readonly sent: number;
  readonly hasWaited?: boolean;
}

/** 100 ops/s for `seconds`, each sent when `when` says. */
function sends(seconds: number, when: (due: number) => Omit<Send, 'due'> = (due) => ({ sent: due + 100 })): Send[] {
  return Array.from({ length: 100 * seconds }, (_, i) => ({ due: i * 10_000, ...when(i * 10_000) }));
}

/** Of one worker that reports once a second, over a schedule of 100 ops/s from T0. */
function inputOf(seconds: number, ops: readonly Send[], changes: Partial<CertificateInput> = {}): CertificateInput {
  const figures = new FanIn();
  const stats = new TaskStats(new Seconds());
  const inOrder = ops.toSorted((a, b) => a.sent - b.sent);
  const end = Math.max(seconds * SECOND, inOrder.at(-1)?.sent ?? 0) + SECOND;
  let next = 0;
  for (let now = SECOND, seq = 1; now <= end; now += SECOND, seq += 1) {
    for (; next < inOrder.length && inOrder[next]!.sent < now; next += 1) {
      const { due, sent, hasWaited } = inOrder[next]!;
      stats.recordSend(at(due), at(sent), hasWaited);
    }
    const copy = new TaskStats();
    copy.merge(stats.snapshot(at(now)));
    const tasks = [{ run: 'r1', task: 0, action: 'putItem', ...copy.figures(at(now)) }];
    const eventLoopDelay = { p50: millis(0), p99: millis(seq), max: millis(10 * seq) };
    figures.accept(workerReport({ seq, at: at(now), tasks, cpu: seq, loopBusy: seq / 10, eventLoopDelay }));
  }
  return {
    run: 'r1',
    figures,
    spans: new Map([[0, { from: T0, to: at(seconds * SECOND) }]]),
    plannedInWindow: (_, from, to) => dueBefore(to, seconds) - dueBefore(from, seconds),
    dropped: 0,
    required: 0.99,
    ...changes,
  };
}

const dueBefore = (us: number, seconds: number): number =>
  Math.min(100 * seconds, Math.max(0, Math.ceil((us - T0) / 10_000)));

describe('the verdict', () => {
  test.each([
    ['the rate is held when enough went out in time, whatever was late', 0.99, 500, 500, 'rate held'],
    ['late ops that waited for a place are the target’s', 0.98, 500, 250, 'target-limited'],
    ['late ops that had a place are the generator’s', 0.98, 500, 249, 'generator-limited'],
    ['ops that never reached a worker are the generator’s', 0, 0, 0, 'generator-limited'],
  ] as const)('%s', (_title, kept, late, waited, verdict) => {
    expect(judgeRate({ kept, required: 0.99, late, waited })).toBe(verdict);
  });
});

describe('the certificate', () => {
  test('of a run that kept time', () => {
    const certificate = certify(inputOf(3, sends(3)));
    expect(certificate).toMatchObject({
      verdict: 'rate held',
      reason: '100 % of the planned ops went out in their second (at least 99 % are needed)',
      kept: 1,
      late: 0,
      waited: 0,
      clockErrorUs: 80,
      jitter: { p50Us: 0, maxUs: 0 },
      generator: { cpuCores: 2.5, cpuPeakCores: 4, loopBusy: 0.4, loopDelayP99Us: 4_000, loopDelayMaxUs: 40_000 },
    });
    expect(certificate?.windows.map(({ widthUs, count, held }) => [widthUs, count, held])).toEqual([
      [10_000, 300, 1],
      [100_000, 30, 1],
      [1_000_000, 3, 1],
    ]);
  });

  test('a load that is late by a constant time keeps its rate and has no jitter', () => {
    const certificate = certify(
      inputOf(
        3,
        sends(3, (due) => ({ sent: due + 80_000 })),
      ),
    );
    expect(certificate).toMatchObject({ verdict: 'rate held', kept: 1, late: 300, jitter: { p999Us: 0, maxUs: 0 } });
  });

  test('jitter is the distance of lateness from its median', () => {
    const { jitter } = certify(
      inputOf(
        1,
        sends(1, (due) => ({ sent: due + (due < 50_000 ? 1_100 : 100) })),
      ),
    )!;
    expect([jitter.p50Us, jitter.p90Us]).toEqual([0, 0]);
    expect(jitter.p99Us).toBeGreaterThanOrEqual(999);
    expect(jitter.maxUs).toBeLessThanOrEqual(1_002);
  });

  test('a worker that stood still for a second and a half is generator-limited, with the windows of it', () => {
    const stalled = sends(4, (due) => ({ sent: due >= 1_000_000 && due < 2_500_000 ? 2_500_000 + due / 1_000 : due }));
    const certificate = certify(inputOf(4, stalled));
    expect(certificate).toMatchObject({ verdict: 'generator-limited', waited: 0 });
    // Second 1 misses its 100 ops but for none, second 2 the 50 that were due before 2.5 s and made up for in it.
    expect(certificate?.kept).toBeCloseTo(0.75, 2);
    expect(certificate?.windows.at(-1)).toMatchObject({
      count: 4,
      held: 0.5,
      worst: { task: 0, planned: 100, sent: 0, deviation: -100, at: '2023-11-14T22:13:21.000Z' },
    });
    expect(certificate?.windows[0]?.worst).toMatchObject({ planned: 1, sent: 151 });
    expect(certificate?.reason).toMatch(/^75 % of .*: 150 of 150 late ops had a place/);
  });

  test('late ops that waited for a place among max_in_flight make it target-limited', () => {
    const slow = sends(4, (due) => ({ sent: due * 2, hasWaited: due > 0 }));
    const certificate = certify(inputOf(4, slow));
    expect(certificate).toMatchObject({ verdict: 'target-limited', late: 398, waited: 398 });
    expect(certificate?.kept).toBeCloseTo(0.5, 1);
    expect(certificate?.reason).toContain('398 of 398 late ops had to wait because max_in_flight');
  });

  test('ops that never reached a worker are missed', () => {
    const certificate = certify(inputOf(2, sends(1)));
    expect(certificate).toMatchObject({ kept: 0.5, verdict: 'generator-limited' });
    expect(certificate?.reason).toContain('never reached a worker');
  });

  test('the bound is the one that was asked for', () => {
    const input = inputOf(10, sends(10).slice(0, -1));
    expect(certify({ ...input, required: 0.999 })).toMatchObject({ kept: 0.999, verdict: 'rate held' });
    expect(certify({ ...input, required: 0.9991 })).toMatchObject({ verdict: 'generator-limited' });
  });

  test('a run that was taken over is judged from the next whole second on', () => {
    const late = sends(3).filter(({ due }) => due >= 1_200_000);
    const certificate = certify(inputOf(3, late, { watchedFrom: at(1_300_000) }));
    expect(certificate).toMatchObject({ kept: 1, verdict: 'rate held' });
    expect(certificate?.windows.at(-1)?.count).toBe(1);
  });

  test('what was dropped because the run was stopped is not missed', () => {
    const certificate = certify(inputOf(2, sends(2).slice(0, 190), { cut: micros(100_000) }));
    expect(certificate).toMatchObject({ kept: 1, verdict: 'rate held' });
  });

  test('a run of which nothing was due has none', () => {
    expect(certify(inputOf(1, [], { spans: new Map() }))).toBeUndefined();
  });

  test('10 ms windows that left the reports long ago are judged as they were', () => {
    const certificate = certify(inputOf(40, sends(40)));
    expect(certificate?.windows[0]).toMatchObject({ count: 4_000, held: 1 });
  });
});

describe('what went out in its second', () => {
  const rateOf = (windows: readonly (readonly [planned: number, sent: number])[]): KeptRate => {
    const rate = new KeptRate();
    for (const [planned, sent] of windows) rate.add(planned, sent);
    return rate;
  };
  const empty = Array.from({ length: 9 }, () => [0, 0] as const);

  test('an op that crosses the border of its second is not missed, and a later one does not make up for another', () => {
    expect(rateOf([...empty, [1, 0], [0, 1]]).finish()).toBe(0);
    expect(rateOf([...empty, [1, 0], [0, 0], [0, 1], ...empty]).finish()).toBe(1);
  });

  test('an op that was sent twice does not stand for one that was not sent', () => {
    expect(rateOf([[1, 2], ...empty, ...empty, [0, 0], [1, 0], ...empty, ...empty]).finish()).toBe(1);
  });

  test('of sends that never run ahead of the plan it misses at most what was planned, and nothing of those in time', () => {
    const window = fc.tuple(fc.nat(20), fc.nat(20));
    const property = fc.property(fc.array(window, { minLength: 1, maxLength: 80 }), (windows) => {
      const [late, prompt] = [new KeptRate(), new KeptRate()];
      let owed = 0;
      for (const [planned, capacity] of windows) {
        const sent = Math.min(owed + planned, capacity);
        owed += planned - sent;
        late.add(planned, sent);
        prompt.add(planned, planned);
      }
      const missed = late.finish();
      return missed <= late.planned && missed >= 0 && prompt.finish() === 0 && (owed === 0 || missed > 0);
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});

test('the fixture begins with a whole second', () => {
  expect(instant(T0 % SECOND)).toBe(0);
});
