import type { BeatCounts } from '@drumline/core/stats';
import { BEAT, instant } from '@drumline/core/units';
import { TEN_MS, WindowTally } from './window-tally.ts';

/** 20 s of windows: a power of two, far beyond what a report covers. */
const SLOTS = 2_048;

/**
 * Sends of one task against its intended starts in windows of 10 ms, summed over all workers. The newest 20 s are open,
 * older windows are judged and forgotten, so a day costs no more memory than a minute.
 */
export class RunningBeats {
  readonly #task: number;
  readonly #windows = new Float64Array(SLOTS).fill(-1);
  readonly #intended = new Float64Array(SLOTS);
  readonly #sent = new Float64Array(SLOTS);
  readonly #judged = new WindowTally(TEN_MS);

  constructor(task: number) {
    this.#task = task;
  }

  /** Replaces what one worker said before by what it says now; windows that left its report stay as they are. */
  replace(before: BeatCounts | undefined, after: BeatCounts): void {
    for (const [i, intended] of after.intended.entries()) {
      const window = after.first + i;
      const j = before === undefined ? -1 : window - before.first;
      const moreIntended = intended - (before?.intended[j] ?? 0);
      const moreSent = (after.sent[i] ?? 0) - (before?.sent[j] ?? 0);
      if (moreIntended > 0 || moreSent > 0) this.#add(window, Math.max(0, moreIntended), Math.max(0, moreSent));
    }
  }

  /** All windows so far, the open ones as they stand. */
  tally(): WindowTally {
    const tally = this.#judged.copy();
    for (const [slot, window] of this.#windows.entries()) if (window >= 0) this.#judge(tally, slot);
    return tally;
  }

  #add(window: number, intended: number, sent: number): void {
    const slot = window & (SLOTS - 1);
    const held = this.#windows[slot]!;
    if (held > window) return;
    if (held < window) {
      if (held >= 0) this.#judge(this.#judged, slot);
      this.#windows[slot] = window;
      this.#intended[slot] = 0;
      this.#sent[slot] = 0;
    }
    this.#intended[slot]! += intended;
    this.#sent[slot]! += sent;
  }

  #judge(tally: WindowTally, slot: number): void {
    tally.add({
      at: instant(this.#windows[slot]! * BEAT),
      task: this.#task,
      planned: this.#intended[slot]!,
      sent: this.#sent[slot]!,
    });
  }
}
