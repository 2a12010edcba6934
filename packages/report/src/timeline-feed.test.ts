import { type Instant, micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { FanIn } from './fan-in.ts';
import { type FeedOptions, TimelineFeed } from './timeline-feed.ts';
import { at, PlayedTask, T0, workerReport } from './worker-report.fixture.ts';

const SECOND = 1_000_000;
const LOOK = {
  state: 'running',
  factor: 1,
  backlog: micros(0),
  queues: [2, 3],
  tasks: [{ task: 0, action: 'putItem' }],
};

/** A feed of a task that plans 10 ops a second. */
function feedOf(changes: Partial<FeedOptions> = {}): { figures: FanIn; feed: TimelineFeed } {
  const figures = new FanIn();
  const plannedBefore = (_: number, until: Instant): number => Math.floor(Math.min(50, ((until - T0) / SECOND) * 10));
  const feed = new TimelineFeed({
    figures,
    run: 'r1',
    begin: at(300_000),
    isResumed: false,
    look: () => LOOK,
    plannedBefore,
    ...changes,
  });
  return { figures, feed };
}

const every = (from: number, to: number, step = 100_000): number[] =>
  Array.from({ length: (to - from) / step }, (_, i) => from + i * step);

describe('a feed', () => {
  test('makes one point of each whole second, once its reports are there', () => {
    const { figures, feed } = feedOf();
    const played = new PlayedTask().play(every(300_000, SECOND), [300_000]);
    figures.accept(workerReport({ at: at(SECOND), inFlight: 4, tasks: [played.report()] }));
    expect(feed.next(at(1_299_999))).toBeUndefined();
    const point = feed.next(at(1_300_000));
    expect(point).toMatchObject({ at: T0, length: SECOND, state: 'running', queued: 5, inFlight: 4, disturbed: false });
    expect(point?.tasks).toMatchObject([{ task: 0, planned: 10, sent: 8, ok: 7, failed: 1, dropped: 0 }]);
    expect(point?.tasks[0]?.errors).toEqual(new Map([['DRUM_OP_TIMEOUT', 1]]));
    expect(point?.tasks[0]?.response.total).toBe(8);
    expect(point?.workers).toEqual([{ worker: 'w1', rate: 0, inFlight: 4, cpu: 0.5, loopDelayP99: 1 }]);
    expect(feed.next(at(1_400_000))).toBeUndefined();
  });

  test('counts sends in the second in which they were, whatever the reports already say of the next', () => {
    const { figures, feed } = feedOf();
    const played = new PlayedTask().play(every(0, 1_200_000));
    figures.accept(workerReport({ at: at(1_200_000), tasks: [played.report()] }));
    expect(feed.next(at(1_300_000))?.tasks).toMatchObject([{ planned: 10, sent: 10 }]);
    figures.accept(workerReport({ seq: 2, tasks: [played.play(every(1_200_000, 2 * SECOND)).report()] }));
    expect(feed.next(at(2_300_000))?.tasks).toMatchObject([{ planned: 10, sent: 10, ok: 8 }]);
  });

  test('loses nothing: what is reported late is in a later point, what is left in the last', () => {
    const { figures, feed } = feedOf();
    const late = new PlayedTask().play(every(0, SECOND));
    const points = [feed.next(at(1_300_000))];
    figures.accept(workerReport({ tasks: [late.report()] }));
    points.push(feed.next(at(2_300_000)));
    figures.accept(workerReport({ seq: 2, at: at(2_400_000), tasks: [late.play([2_400_000, 2_999_950]).report()] }));
    points.push(feed.last(at(2_500_000)));
    expect(points.map((point) => point?.tasks[0]?.sent ?? 0)).toEqual([0, 10, 2]);
    expect(points.map((point) => point?.tasks[0]?.planned ?? 0)).toEqual([10, 10, 30]);
    expect(points.map((point) => point?.length)).toEqual([SECOND, SECOND, 500_000]);
    expect(points.reduce((sum, point) => sum + (point?.tasks[0]?.response.total ?? 0), 0)).toBe(12);
  });

  test('has no last point when nothing is left', () => {
    const { feed } = feedOf({ plannedBefore: () => 0 });
    expect(feed.last(at(500_000))).toBeUndefined();
  });

  test('makes one longer point of what a standing process has missed', () => {
    const { feed } = feedOf();
    expect(feed.next(at(3_400_000))).toMatchObject({ at: T0, length: 3 * SECOND, tasks: [{ planned: 30 }] });
  });

  test('marks the seconds that were disturbed', () => {
    const { figures, feed } = feedOf();
    const counts = { run: 'r1', of: 1, disturbed: 1, stall: 1, redelivery: 0, clock: 0 };
    figures.accept(workerReport({ seconds: [counts] }));
    expect(feed.next(at(1_300_000))?.disturbed).toBe(true);
    figures.accept(workerReport({ seq: 2, seconds: [{ ...counts, of: 2 }] }));
    expect(feed.next(at(2_300_000))?.disturbed).toBe(false);
  });

  test('of a run that was taken over, leaves out what was before', () => {
    const { figures, feed } = feedOf({ isResumed: true });
    const played = new PlayedTask().play(every(0, SECOND));
    figures.accept(workerReport({ tasks: [played.report()] }));
    expect(feed.next(at(1_300_000))).toBeUndefined();
    figures.accept(
      workerReport({ seq: 2, at: at(2_000_000), tasks: [played.play(every(SECOND, 2 * SECOND)).report()] }),
    );
    expect(feed.next(at(2_300_000))).toBeUndefined();
    figures.accept(workerReport({ seq: 3, at: at(3_000_000), tasks: [played.play([2 * SECOND]).report()] }));
    expect(feed.next(at(3_300_000))).toMatchObject({ at: at(2 * SECOND), tasks: [{ planned: 10, sent: 1, ok: 1 }] });
  });

  test('leaves out workers that have been silent for 5 s, and tasks that have nothing to do', () => {
    const { figures, feed } = feedOf();
    figures.accept(workerReport({ at: at(SECOND), inFlight: 9 }));
    feed.next(at(5_900_000));
    expect(feed.next(at(7_300_000))).toMatchObject({ inFlight: 0, workers: [], tasks: [] });
  });
});
