/** The memory that a metronome shares with its OS thread. */
export interface MetronomeCells {
  /** `ARMED`, `FIRED`, `RESTING` */
  readonly signals: Int32Array;
  /** One cell: when to ring next, ns on `process.hrtime`'s clock, or `NEVER`, or `STOP`. */
  readonly due: BigInt64Array;
}

/** Counts the times that the thread was to look at `due` again at once. */
export const ARMED = 0;
/** Counts rings. */
export const FIRED = 1;
/** 1 while the thread looks at `due` of its own accord soon. */
export const RESTING = 2;

export const NEVER = 2n ** 62n;
export const STOP = -1n;

export const metronomeCells = (memory: SharedArrayBuffer): MetronomeCells => ({
  signals: new Int32Array(memory, 0, 4),
  due: new BigInt64Array(memory, 16, 1),
});
