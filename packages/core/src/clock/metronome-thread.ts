/** The OS thread of a metronome: sleeps until what is due, rings, rests. See metronome.ts. */
import { workerData } from 'node:worker_threads';
import { ARMED, FIRED, metronomeCells, NEVER, RESTING, STOP } from './metronome-cells.ts';

/** ms between two rings at least. */
const REST = 0.25;
const NS_A_MS = 1e6;

const { signals, due } = metronomeCells(workerData as SharedArrayBuffer);
/** Nobody ever signals here: a wait on it is a sleep. */
const bed = new Int32Array(new SharedArrayBuffer(4));

for (;;) {
  // Read before `due`: an instant that is set in between changes it, and the wait ends at once.
  const armed = Atomics.load(signals, ARMED);
  const at = Atomics.load(due, 0);
  if (at === STOP) break;
  const left = at === NEVER ? Number.POSITIVE_INFINITY : Number(at - process.hrtime.bigint()) / NS_A_MS;
  if (left > 0) {
    Atomics.wait(signals, ARMED, armed, left);
    continue;
  }
  // Replaced meanwhile: the new instant may be later.
  if (Atomics.compareExchange(due, 0, at, NEVER) !== at) continue;
  Atomics.store(signals, RESTING, 1);
  Atomics.add(signals, FIRED, 1);
  Atomics.notify(signals, FIRED);
  Atomics.wait(bed, 0, 0, REST);
  // Cleared before `due` is read again: whoever sets an instant sees 0 and signals, or has set it in time.
  Atomics.store(signals, RESTING, 0);
}
