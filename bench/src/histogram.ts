import { HIGHEST, Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import hdr from 'hdr-histogram-js';

const VALUES = 4_096;
/** Passes over all values in one measurement. */
const PASSES = 1_200;
const ROUNDS = 5;

/**
 * ns a recorded value and µs an encoding, ours beside hdr-histogram-js with the same bounds and counters of 64 bits, on the
 * same log-normal response times (median 0.9 ms). Rounds alternate; the best of each is printed.
 */
export async function histogram(): Promise<void> {
  const values = logNormal();
  const records: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  const encodings: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  let checked = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    const ours = new Histogram();
    const theirs = hdr.build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST,
      numberOfSignificantValueDigits: 3,
      bitBucketSize: 64,
    });
    records.ours.push(
      nsEach(PASSES, () => {
        for (const value of values) ours.record(micros(value));
      }) / VALUES,
    );
    records.theirs.push(
      nsEach(PASSES, () => {
        for (const value of values) theirs.recordValue(value);
      }) / VALUES,
    );
    encodings.ours.push(nsEach(50, () => ours.encode()));
    encodings.theirs.push(nsEach(50, () => hdr.encodeIntoCompressedBase64(theirs)));
    checked = `p99 ${ours.percentile(99)} and ${theirs.getValueAtPercentile(99)} µs`;
  }
  console.table({
    drumline: row(records.ours, encodings.ours),
    'hdr-histogram-js 3.0.1': row(records.theirs, encodings.theirs),
  });
  console.log(`same figures: ${checked}`);
}

const row = (records: readonly number[], encodings: readonly number[]): Record<string, string> => ({
  'ns/record': Math.min(...records).toFixed(1),
  'µs/encode': (Math.min(...encodings) / 1_000).toFixed(0),
});

function nsEach(times: number, run: () => unknown): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i += 1) run();
  return Number(process.hrtime.bigint() - start) / times;
}

/** Whole µs by Box and Muller from a Lehmer generator: the same values every time. */
function logNormal(): Float64Array {
  let state = 1;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float64Array.from({ length: VALUES }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.round(900 * Math.exp(1.1 * normal));
  });
}
