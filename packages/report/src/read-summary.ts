import { DrumlineError } from '@drumline/core/errors';
import { z } from 'zod';
import type { Summary } from './summary.ts';

const text = z.string();
const figure = z.number();
const latency = z.looseObject({
  count: figure,
  minUs: figure,
  meanUs: figure,
  stddevUs: figure,
  p50Us: figure,
  p90Us: figure,
  p95Us: figure,
  p99Us: figure,
  p999Us: figure,
  maxUs: figure,
  hdr: text,
});
const latencies = z.looseObject({
  response: latency,
  service: latency.extend({ uncorrected: z.literal(true) }),
  lateness: latency,
});
const ledger = z.looseObject({
  planned: figure,
  published: figure,
  ok: figure,
  failed: figure,
  dropped: figure,
  duplicate: figure,
});
const effects = z.looseObject({ p50: figure, p90: figure, p99: figure, p999: figure });
const task = latencies.extend({
  task: z.int().nonnegative(),
  action: text,
  name: text.optional(),
  seed: text.optional(),
  ledger,
  rate: z.looseObject({ planned: figure, achieved: figure, held: figure }),
  worstWindow: z.looseObject({ at: text, planned: figure, sent: figure, deviation: figure }).nullable(),
  clean: latencies,
  clustering: z.looseObject({ errors: figure, response: effects, service: effects }).optional(),
  errors: z.record(text, figure),
});
const worstWindow = z.looseObject({ at: text, planned: figure, sent: figure });
const certificate = z.looseObject({
  verdict: text,
  reason: text,
  kept: figure,
  required: figure,
  windows: z.array(z.looseObject({ widthUs: figure, count: figure, held: figure, worst: worstWindow.nullable() })),
  jitter: z.looseObject({ p50Us: figure, p99Us: figure, maxUs: figure }),
  late: figure,
  waited: figure,
  clockErrorUs: figure,
  generator: z.looseObject({ cpuCores: figure, cpuPeakCores: figure, loopBusy: figure, loopDelayP99Us: figure }),
});
const worker = z.looseObject({
  worker: text,
  host: text,
  sent: figure,
  failed: figure,
  dropped: figure,
  restarts: figure,
  clockErrorUs: figure,
  rssBytes: figure,
});
/** What `compare` and the report page look at. */
const SUMMARY = z.looseObject({
  run: text,
  prefix: text,
  started: text,
  ended: text,
  elapsedUs: figure,
  scale: figure,
  speed: figure,
  state: text,
  ledger,
  tasks: z.array(task),
  played: z
    .looseObject({
      plan: text,
      pauses: z.array(z.looseObject({ from: text, to: text.nullable() })),
      rates: z.array(z.looseObject({ at: text, factor: text })),
    })
    .optional(),
  workers: z.array(worker),
  disturbed: z.looseObject({ seconds: figure, of: figure, stall: figure, redelivery: figure, clock: figure }),
  certificate: certificate.nullable(),
  slos: z.array(
    z.looseObject({
      text,
      unit: z.enum(['us', 'share', 'ops', 'ops/s']),
      value: figure.nullable(),
      ok: z.boolean(),
      decided: z.boolean(),
      aborted: z.boolean(),
      windows: z.looseObject({ count: figure, missed: figure }).optional(),
      worstWindow: z.looseObject({ at: text }).nullable().optional(),
    }),
  ),
  shown: z.enum(['all', 'clean']),
  deadLetters: figure,
  balanced: z.boolean(),
  notes: z.array(text),
});

/**
 * Reads what `--json` printed, or what `--jsonl` wrote.
 * @param name of the file, for the error.
 * @throws DrumlineError DRUM_SUMMARY_INVALID
 */
export function readSummary(json: string, name: string): Summary {
  const parsed = SUMMARY.safeParse(parse(json, name));
  // Fields that only a terminal shows are taken as they are.
  if (parsed.success) return parsed.data as unknown as Summary;
  const [issue] = parsed.error.issues;
  throw invalid(name, `${issue?.path.map(String).join('.') || 'the document'}: ${issue?.message ?? 'invalid'}`);
}

/** The document, or of JSON lines the last one. */
function parse(json: string, name: string): unknown {
  const trimmed = json.trimEnd();
  const isLines = trimmed.startsWith('{"kind":');
  try {
    return JSON.parse(isLines ? trimmed.slice(trimmed.lastIndexOf('\n') + 1) : trimmed);
  } catch (cause) {
    throw invalid(name, 'it is not JSON', cause);
  }
}

const invalid = (name: string, problem: string, cause?: unknown): DrumlineError =>
  new DrumlineError('DRUM_SUMMARY_INVALID', `${name} is not the summary of a run: ${problem}`, {
    hint: 'Expected is what `drumline run --json` or `drumline publisher --json` printed, or `--jsonl` wrote.',
    cause,
  });
