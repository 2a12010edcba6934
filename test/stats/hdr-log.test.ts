import { Histogram } from '@drumline/core/stats';
import { instant, micros } from '@drumline/core/units';
import { hdrLogHeader, hdrLogLine } from '@drumline/report';
import * as fc from 'fast-check';
import { HistogramLogReader } from 'hdr-histogram-js';
import { expect, test } from 'vitest';

const START = instant(1_700_000_000_000_000);
const seconds = fc.array(fc.array(fc.nat(3_600_000_000), { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 5,
});

test('a log of histograms is read back by hdr-histogram-js: the same times, counts and percentiles', () => {
  fc.assert(
    fc.property(seconds, (each) => {
      const histograms = each.map((values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(micros(value));
        return histogram;
      });
      const lines = histograms.map((histogram, i) =>
        hdrLogLine(histogram, { at: instant(START + i * 1_000_000), length: micros(1_000_000) }),
      );
      const reader = new HistogramLogReader([hdrLogHeader('r1', 'response of task 0', START), ...lines].join(''));
      for (const [i, histogram] of histograms.entries()) {
        const read = reader.nextIntervalHistogram();
        expect(read?.startTimeStampMsec).toBe(START / 1_000 + i * 1_000);
        expect(read?.endTimeStampMsec).toBe(START / 1_000 + (i + 1) * 1_000);
        expect(read?.totalCount).toBe(histogram.total);
        for (const percent of [50, 90, 99, 99.9, 100]) {
          expect(read?.getValueAtPercentile(percent)).toBe(histogram.percentile(percent));
        }
      }
      expect(reader.nextIntervalHistogram()).toBeNull();
    }),
    { numRuns: 30 },
  );
});
