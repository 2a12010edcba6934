import { HIGHEST, Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import hdr from 'hdr-histogram-js';
import { type Benchmark, median } from './benchmark.ts';
import { figure, printTable } from './table.ts';

const VALUES = 4_096;
/** Passes over all values in one measurement. */
const PASSES = 1_200;

/** Ours beside hdr-histogram-js with the same bounds and counters of 64 bits, on the same log-normal response times. */
export const histogram: Benchmark = {
  name: 'histogram',
  about: 'ns of a recorded value and µs of an encoding, beside hdr-histogram-js',
  options: { rounds: 5 },
  run(option) {
    const values = logNormal();
    const ours: Costs = { record: [], encode: [] };
    const theirs: Costs = { record: [], encode: [] };
    let checked = '';
    for (let round = 0; round < option('rounds'); round += 1) checked = oneRound(values, ours, theirs);
    const row = (name: string, { record, encode }: Costs): string[] => [
      name,
      figure(median(record), 1),
      figure(median(encode) / 1_000),
      figure(Math.min(...record), 1),
    ];
    printTable(
      `Histograms, medians of ${option('rounds')} rounds, which alternate`,
      ['histogram', 'ns a value', 'µs an encoding', 'best ns a value'],
      [row('drumline', ours), row('hdr-histogram-js 3.0.1', theirs)],
      [`Same figures from both: ${checked}.`],
    );
    return Promise.resolve();
  },
};

/** ns, one a round. */
interface Costs {
  readonly record: number[];
  readonly encode: number[];
}

/** Answers what both say of the same values. */
function oneRound(values: Float64Array, ours: Costs, theirs: Costs): string {
  const mine = new Histogram();
  const peer = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
  });
  const recordMine = (): void => {
    for (const value of values) mine.record(micros(value));
  };
  const recordPeer = (): void => {
    for (const value of values) peer.recordValue(value);
  };
  ours.record.push(nsEach(PASSES, recordMine) / VALUES);
  theirs.record.push(nsEach(PASSES, recordPeer) / VALUES);
  ours.encode.push(nsEach(50, () => mine.encode()));
  theirs.encode.push(nsEach(50, () => hdr.encodeIntoCompressedBase64(peer)));
  return `p99 ${mine.percentile(99)} and ${peer.getValueAtPercentile(99)} µs`;
}

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
