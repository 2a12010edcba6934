import { setImmediate as immediate } from 'node:timers/promises';
import type { SystemClock } from '@drumline/core/clock';
import type { Publisher, PublisherStatus } from '@drumline/publisher';
import { type FanIn, Timeline, TimelineFeed, type TimelinePoint } from '@drumline/report';

/** Whole seconds are looked for so often: a point is made at most this long after it can be. */
const LOOK_MS = 100;

export interface RunToFollow {
  readonly publisher: Publisher;
  readonly figures: FanIn;
  readonly run: string;
  readonly clock: SystemClock;
  /** Every point when it is added, with its histograms as they were made. */
  readonly onPoint: (point: TimelinePoint) => void;
}

export interface FollowedRun {
  readonly timeline: Timeline;
  /** Adds what is left, when all reports have come. */
  end(): Promise<void>;
}

/** Fills a timeline while a run is on. */
export function followRun(followed: RunToFollow): FollowedRun {
  const { publisher, figures, run, clock, onPoint } = followed;
  const timeline = new Timeline();
  const feed = new TimelineFeed({
    figures,
    run,
    begin: clock.now(),
    isResumed: publisher.resumed !== undefined,
    look: () => {
      const { status } = publisher;
      return { ...status, factor: factorOf(status) };
    },
    plannedBefore: (task, at) => publisher.plannedBefore(task, at),
  });
  /** A plan of many tasks makes this milliseconds of work: beats go out between its steps. */
  const add = async (point: TimelinePoint | undefined): Promise<void> => {
    if (point === undefined) return;
    await immediate();
    timeline.add(point);
    await immediate();
    onPoint(point);
  };
  let work = Promise.resolve();
  const timer = setInterval(() => {
    work = work.then(() => add(feed.next(clock.now())));
  }, LOOK_MS);
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await work;
    await add(feed.last(clock.now()));
  };
  return { timeline, end };
}

/** The factor in force as a number. */
export const factorOf = ({ factor }: Pick<PublisherStatus, 'factor'>): number => {
  const [over = 1, under = 1] = factor.split('/').map(Number);
  return Math.round((over / under) * 1_000) / 1_000;
};
