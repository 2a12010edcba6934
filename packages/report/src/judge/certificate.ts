import { decimalText } from '@drumline/core/document';
import { Histogram, type SecondCounts, WINDOW } from '@drumline/core/stats';
import { type Instant, instant, type Micros } from '@drumline/core/units';
import type { FanIn } from '../fan-in.ts';
import { countText, durationText, percentText } from '../figures-text.ts';
import type { PlannedBetween } from '../plan-comparison.ts';
import type { SentWindows } from '../sent-windows.ts';
import { jitterOf } from './jitter.ts';
import { KeptRate } from './kept-rate.ts';
import { SECOND, TEN_MS, type Window, WindowTally } from './window-tally.ts';

/** Whether the load was the plan's, and if not, who could not keep up. */
export const RATE_VERDICTS = ['rate held', 'generator-limited', 'target-limited'] as const;
export type RateVerdict = (typeof RATE_VERDICTS)[number];

/** Windows of one width, of all tasks. */
export interface WindowsSummary {
  readonly widthUs: number;
  readonly count: number;
  /** Share (0 … 1) of them in which the sends were within 5 % of the plan, or one op. */
  readonly held: number;
  /** The one farthest from the plan; `null` when there is none. */
  readonly worst: {
    readonly at: string;
    readonly task: number;
    readonly planned: number;
    readonly sent: number;
    readonly deviation: number;
  } | null;
}

export interface JitterSummary {
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** What the load generator itself was busy with. */
export interface GeneratorSummary {
  /** CPU cores that all workers together used, on average. */
  readonly cpuCores: number;
  /** The most that one worker used in one second. */
  readonly cpuPeakCores: number;
  /** Of the busiest OS thread in its busiest second, the part (0 … 1) of the time in which it had work. */
  readonly loopBusy: number;
  /** The worst 99th percentile of a second, of all OS threads of all workers. */
  readonly loopDelayP99Us: number;
  readonly loopDelayMaxUs: number;
}

/** Was the load what the plan asked for? `docs/statistics.md` says how it is decided. */
export interface Certificate {
  readonly verdict: RateVerdict;
  /** One sentence with the figures that decided. */
  readonly reason: string;
  /** Share (0 … 1) of the planned ops that went out in their second. */
  readonly kept: number;
  /** What `kept` had to be. */
  readonly required: number;
  readonly windows: readonly WindowsSummary[];
  readonly jitter: JitterSummary;
  /** Ops that were sent more than 10 ms after their intended start, or were dropped for their age. */
  readonly late: number;
  /** Those of them that had to wait because `max_in_flight` ops were with the target. */
  readonly waited: number;
  readonly dropped: number;
  /** The greatest error bar of a worker's clock. */
  readonly clockErrorUs: number;
  readonly generator: GeneratorSummary;
  /** Worker-seconds in which something besides the target had a part. */
  readonly disturbedSeconds: number;
}

export interface CertificateInput {
  readonly run: string;
  readonly figures: FanIn;
  readonly spans: ReadonlyMap<number, { readonly from: Instant; readonly to: Instant }>;
  readonly plannedInWindow: PlannedBetween;
  readonly dropped: number;
  readonly required: number;
  /** Sends before it are not known to whoever makes the summary: it has taken the run over. */
  readonly watchedFrom?: Instant | undefined;
  /** The run was stopped: of the last so much of its plan ops were dropped on purpose. */
  readonly cut?: Micros | undefined;
}

/** What the verdict is made of. */
export interface RateFigures {
  readonly kept: number;
  readonly required: number;
  readonly late: number;
  readonly waited: number;
}

/**
 * | kept | waited | verdict |
 * |---|---|---|
 * | ≥ required | any | rate held |
 * | < required | > 0 and ≥ ½ late | target-limited |
 * | < required | otherwise | generator-limited |
 */
export function judgeRate({ kept, required, late, waited }: RateFigures): RateVerdict {
  if (kept >= required) return 'rate held';
  return waited > 0 && waited * 2 >= late ? 'target-limited' : 'generator-limited';
}

/** Certifies a run; `undefined` when nothing of its plan was watched. */
export function certify(input: CertificateInput): Certificate | undefined {
  const { figures, run, required, dropped } = input;
  const tallies = { fine: new WindowTally(TEN_MS), middle: new WindowTally(WINDOW), coarse: new WindowTally(SECOND) };
  const lateness = new Histogram();
  let planned = 0;
  let missed = 0;
  let late = 0;
  let waited = 0;
  for (const task of input.spans.keys()) {
    const totals = figures.task(run, task);
    const rate = walk(input, task, totals?.windows, tallies);
    planned += rate.planned;
    missed += rate.finish();
    if (totals === undefined) continue;
    tallies.fine.merge(totals.beats.tally());
    lateness.merge(totals.all.lateness);
    late += totals.counters.late;
    waited += totals.counters.waited;
  }
  if (planned === 0) return undefined;
  const rate = { kept: 1 - missed / planned, required, late, waited };
  const verdict = judgeRate(rate);
  const generator = generatorOf(figures);
  const disturbed = figures.seconds(run);
  return {
    verdict,
    reason: reasonOf(verdict, rate, generator, disturbed),
    kept: rate.kept,
    required,
    windows: [tallies.fine, tallies.middle, tallies.coarse].map(windowsOf),
    jitter: jitterFigures(jitterOf(lateness)),
    late,
    waited,
    dropped,
    clockErrorUs: Math.round(Math.max(0, ...figures.workers().map(({ worstClockError }) => worstClockError))),
    generator,
    disturbedSeconds: disturbed.disturbed,
  };
}

/** Share (0 … 1) of the planned ops of some tasks that went out in their second; `undefined` when none was planned. */
export function keptOf(
  input: Omit<CertificateInput, 'dropped' | 'required'>,
  tasks: readonly number[],
): number | undefined {
  const rates = tasks.map((task) => walk(input, task, input.figures.task(input.run, task)?.windows));
  const planned = rates.reduce((sum, rate) => sum + rate.planned, 0);
  return planned === 0 ? undefined : 1 - rates.reduce((sum, rate) => sum + rate.finish(), 0) / planned;
}

/** Ten minutes: sends that are farther outside the task's span are a clock's fault, not lateness that a window shows. */
const FARTHEST = 6_000;
const IN_A_SECOND = SECOND / WINDOW;

/** Goes over all 100 ms windows of a task that were watched, from the beginning of a second on. */
function walk(
  { spans, plannedInWindow, watchedFrom, cut }: Omit<CertificateInput, 'dropped' | 'required'>,
  task: number,
  sent: SentWindows | undefined,
  tallies?: { readonly middle: WindowTally; readonly coarse: WindowTally },
): KeptRate {
  const rate = new KeptRate();
  const span = spans.get(task);
  if (span === undefined) return rate;
  const first = firstWindow(span.from, watchedFrom);
  const planEnd = Math.ceil((span.to - (cut ?? 0)) / WINDOW) - 1;
  const last = cut === undefined ? Math.max(planEnd, Math.min(sent?.last ?? planEnd, planEnd + FARTHEST)) : planEnd;
  let second = { planned: 0, sent: 0 };
  for (let window = first; window <= last; window += 1) {
    const at = instant(window * WINDOW);
    const planned = plannedInWindow(task, at, instant(at + WINDOW));
    const went = sent?.at(window) ?? 0;
    rate.add(planned, went);
    tallies?.middle.add({ at, task, planned, sent: went });
    second = { planned: second.planned + planned, sent: second.sent + went };
    if ((window + 1) % IN_A_SECOND !== 0 && window < last) continue;
    tallies?.coarse.add({ at: instant(Math.floor(window / IN_A_SECOND) * SECOND), task, ...second });
    second = { planned: 0, sent: 0 };
  }
  return rate;
}

/** The window with which the second of `from` begins, or the first whole second that was watched. */
function firstWindow(from: Instant, watchedFrom: Instant | undefined): number {
  const began = Math.floor(from / SECOND);
  const watched = watchedFrom === undefined ? began : Math.ceil(watchedFrom / SECOND);
  return Math.max(began, watched) * IN_A_SECOND;
}

function windowsOf(tally: WindowTally): WindowsSummary {
  const { width, count, held, worst } = tally;
  return { widthUs: width, count, held, worst: worst === undefined ? null : worstOf(worst) };
}

const worstOf = ({ at, task, planned, sent }: Window): WindowsSummary['worst'] => ({
  at: new Date(at / 1_000).toISOString(),
  task,
  planned,
  sent,
  deviation: sent - planned,
});

const jitterFigures = (jitter: Histogram): JitterSummary => ({
  p50Us: jitter.percentile(50),
  p90Us: jitter.percentile(90),
  p99Us: jitter.percentile(99),
  p999Us: jitter.percentile(99.9),
  maxUs: jitter.max,
});

function generatorOf(figures: FanIn): GeneratorSummary {
  const loads = figures.workers().map(({ load }) => load);
  const most = (figure: (load: (typeof loads)[number]) => number): number => Math.max(0, ...loads.map(figure));
  return {
    cpuCores: loads.reduce((sum, { cpu }) => sum + cpu, 0),
    cpuPeakCores: most(({ cpuPeak }) => cpuPeak),
    loopBusy: most(({ busy }) => busy),
    loopDelayP99Us: Math.round(most(({ delayP99 }) => delayP99) * 1_000),
    loopDelayMaxUs: Math.round(most(({ delayMax }) => delayMax) * 1_000),
  };
}

/** In percent, cut to three decimals: what falls short of a bound never looks like it. */
const shareText = (share: number): string => `${decimalText(Math.floor(share * 1e5 + 1e-9) / 1e3)} %`;

function reasonOf(
  verdict: RateVerdict,
  { kept, required, late, waited }: RateFigures,
  generator: GeneratorSummary,
  { disturbed, of }: SecondCounts,
): string {
  const share = `${shareText(kept)} of the planned ops went out in their second (at least ${shareText(required)} are needed)`;
  if (verdict === 'rate held') return share;
  if (verdict === 'target-limited') {
    return `${share}: ${countText(waited)} of ${countText(late)} late ops had to wait because max_in_flight ops were with the target`;
  }
  if (late === 0) return `${share}: the others never reached a worker`;
  const busy = `the busiest thread was busy for ${percentText(generator.loopBusy)}, its event loop late by up to ${durationText(generator.loopDelayMaxUs)}`;
  const stood = `${countText(disturbed)} of ${countText(of)} worker-seconds were disturbed`;
  return `${share}: ${countText(late - waited)} of ${countText(late)} late ops had a place, and the workers were late with them (${busy}; ${stood})`;
}
