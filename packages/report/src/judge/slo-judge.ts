import { keeps, type Slo, type SloUnit, sloText } from '@drumline/core/slo';
import type { Instant } from '@drumline/core/units';
import type { TimelinePoint } from '../timeline.ts';
import { figuresOf, SlidingWindow } from './sliding-window.ts';
import { isDecided, type SloFigures, valueOf } from './slo-figures.ts';

/** What became of one threshold. */
export interface SloVerdict {
  readonly text: string;
  /** An action, the number of a task, or `null` for all tasks together. */
  readonly scope: string | number | null;
  readonly unit: SloUnit;
  /** Over the run, or in the worst window; `null` when nothing was measured. */
  readonly value: number | null;
  readonly bound: number;
  /** Whether it was kept. What is undecided was not. */
  readonly ok: boolean;
  /** Whether there were enough ops to say so. */
  readonly decided: boolean;
  /** The run was ended because of it. */
  readonly aborted: boolean;
  /** Of a threshold over windows: how many there were, were missed, and had too few ops to be decided. */
  readonly windows?: { readonly count: number; readonly missed: number; readonly undecided: number };
  /** The decided window that was farthest on the wrong side; its beginning, ISO 8601. */
  readonly worstWindow?: { readonly at: string; readonly value: number } | null;
}

interface Judged {
  readonly slo: Slo;
  readonly window: SlidingWindow;
  count: number;
  missed: number;
  undecided: number;
  worst: { readonly at: Instant; readonly value: number } | undefined;
  hasAborted: boolean;
  /** The second in which its tasks begin is over: windows hold whole seconds of theirs. */
  hasBegun: boolean;
}

/** Judges thresholds while a run is on, second by second, and at its end. */
export class SloJudge {
  readonly #judged: readonly Judged[];

  constructor(slos: readonly Slo[]) {
    this.#judged = slos.map((slo) => ({
      slo,
      window: new SlidingWindow(slo),
      count: 0,
      missed: 0,
      undecided: 0,
      worst: undefined,
      hasAborted: false,
      hasBegun: slo.over === undefined,
    }));
  }

  /**
   * Takes the next point of the timeline.
   * @param isOver the run has ended: nothing is left to abort.
   * @returns the thresholds that say `abort` and are missed now for the first time.
   */
  add(point: TimelinePoint, isOver = false): Slo[] {
    return this.#judged.filter((judged) => lookAt(judged, point, isOver)).map(({ slo }) => slo);
  }

  /** @param ofRun what a threshold's tasks did in the whole run. */
  verdicts(ofRun: (slo: Slo) => SloFigures): SloVerdict[] {
    return this.#judged.map((judged) =>
      judged.slo.over === undefined ? runVerdict(judged, ofRun) : windowVerdict(judged),
    );
  }
}

/** @returns whether the run is to end because of it. */
function lookAt(judged: Judged, point: TimelinePoint, isOver: boolean): boolean {
  const { slo, window } = judged;
  if (slo.over === undefined && !slo.abort) return false;
  if (!judged.hasBegun) {
    judged.hasBegun = figuresOf(slo, point).planned > 0;
    return false;
  }
  window.add(point);
  if (!window.isWhole) return false;
  judged.count += 1;
  const value = valueOf(slo, window.figures);
  if (value === undefined || !isDecided(slo, window.figures, true)) {
    judged.undecided += 1;
    return false;
  }
  if (judged.worst === undefined || isWorse(slo, value, judged.worst.value)) {
    judged.worst = { at: window.at ?? point.at, value };
  }
  if (keeps(slo, value)) return false;
  judged.missed += 1;
  if (!slo.abort || judged.hasAborted || isOver) return false;
  judged.hasAborted = true;
  return true;
}

const isWorse = ({ relation }: Slo, value: number, than: number): boolean =>
  relation === '<' || relation === '<=' ? value > than : value < than;

function runVerdict({ slo, hasAborted }: Judged, ofRun: (slo: Slo) => SloFigures): SloVerdict {
  const figures = ofRun(slo);
  const value = valueOf(slo, figures);
  const decided = isDecided(slo, figures, false);
  const ok = decided && value !== undefined && keeps(slo, value) && !hasAborted;
  return { ...stated(slo), value: value ?? null, ok, decided, aborted: hasAborted };
}

function windowVerdict({ slo, hasAborted, count, missed, undecided, worst }: Judged): SloVerdict {
  const decided = count > undecided;
  return {
    ...stated(slo),
    value: worst?.value ?? null,
    ok: decided && missed === 0,
    decided,
    aborted: hasAborted,
    windows: { count, missed, undecided },
    worstWindow: worst === undefined ? null : { at: new Date(worst.at / 1_000).toISOString(), value: worst.value },
  };
}

const stated = (slo: Slo): Pick<SloVerdict, 'text' | 'scope' | 'unit' | 'bound'> => ({
  text: sloText(slo),
  scope: slo.scope ?? null,
  unit: slo.unit,
  bound: slo.bound,
});
