import { deflateSync, inflateSync } from 'node:zlib';
import { parseRedisAddress } from '@drumline/bus';
import { readConfig } from '@drumline/core/config';
import { addDigests, NO_DIGEST } from '@drumline/core/data';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import { decodeWorkerInfo, encodeWorkerInfo } from '@drumline/core/fleet';
import {
  decodeAudit,
  decodeCommand,
  decodeReply,
  encodeCommand,
  encodeReply,
  parseRate,
  sign,
} from '@drumline/core/notify';
import { parsePlan, readPlan } from '@drumline/core/plan';
import { decodeDecisions, decodeRun, encodeRun, type RunTask, UNDECIDED } from '@drumline/core/run';
import { holdsPassword, masked } from '@drumline/core/secrets';
import { Histogram, TaskStats } from '@drumline/core/stats';
import { type Instant, instant, micros, millis } from '@drumline/core/units';
import { decodeElement, decodeReport, encodeBatch, encodeReport, redelivery } from '@drumline/core/wire';

/** A border: text from outside, and what may become of it. */
export interface Parser {
  readonly name: string;
  /** Valid ones, to be damaged. */
  readonly samples: readonly string[];
  /** Answers, or throws a `DrumlineError` with one of these codes (a `RangeError` where `rangeError`). */
  readonly codes: readonly ErrorCode[];
  readonly rangeError?: boolean;
  /** How many times fewer texts are tried: it is slow. Default 1. */
  readonly slow?: number;
  /** Throws anything else when what was read is not what the type says. */
  readonly parse: (text: string) => unknown;
}

const NOW: Instant = instant(1_700_000_000_000_000);

const PLANS = [
  '[{"action":"putItem","seed":1,"qps":500,"times":10000,"data":{"blob":1000,"c":{"r":4,"len":10},"v":{"value":true}}}]',
  '[[{"action":"getItem","seeds":[1,2,5],"qps":2000,"duration":"1h30m","arrivals":"poisson","offset":3}],[{"action":"updateItem","seed":"x","qps":0.5,"duration":300,"late":{"drop":"5s"},"data":{"a":"lit"}}]]',
  `{"action":"query","qps":5,"qpss":[${Array.from({ length: 24 }, (_, hour) => hour).join(',')}],"curve":"smooth","clock":"run","times":9,"repeat":2,"samples":3}`,
  '// comment\n[{"action":"batchGetItem", /* c */ "qps":1e3, "times":1,},]',
];
const CONFIGS = [
  '{"table_name":"stress-test","threads":10}',
  '{"table_name":"multirow-x","threads":4,"region":"eu-central-1","db_type":"redis","redis_addr":"127.0.0.1:6379","endpoint":"http://127.0.0.1:8000","max_in_flight":5,"timeout":"250ms","retries":3,"consistent_read":true,"batch_ops":1000,"sample_data":[{"a":10,"b":"x","c":{"r":2,"len":5}}]}',
];
const BATCH = { run: 'k3v9x2', task: 0, first: 4500, count: 200, at: NOW, span: micros(398) };
const ELEMENTS = [
  encodeBatch(BATCH),
  encodeBatch({ ...BATCH, positions: [1, 2, 3], redelivered: 2 }),
  '{"action":"updateItem","key":"abc","data":{"col":100,"lit":"text"}}',
  '{"action":"batchGetItem","items":["a","b"],"data":{"c":1}}',
  '{"action":"batchPutItem","items":{"a":{"c":1},"b":{"d":"x"}}}',
];
const COMMAND = {
  id: 'i1',
  cmd: 'rate',
  args: { rate: '2x', n: 1.5, b: true },
  target: 'w1',
  by: 'a@b',
  at: NOW,
  nonce: 'n',
};
const COMMANDS = ['pause', encodeCommand(COMMAND), encodeCommand(sign(COMMAND, 'secret'))];
const REPLIES = [
  encodeReply({ kind: 'reply', id: 'i1', from: 'w1', ok: true, message: 'done' }),
  encodeReply({ kind: 'reply', id: 'i1', from: 'w1', ok: false, code: 'DRUM_COMMAND_STALE', message: 'old' }),
];
const AUDITS = [
  '{"id":"i1","cmd":"rate","args":{"rate":"2x"},"by":"a@b","proven":true,"target":"w1","at":1700000000000000,"from":"w1","run":"r","ok":false,"code":"DRUM_COMMAND_STALE","message":"old","unwritten":3}',
];
const RUN = {
  run: 'run1',
  state: 'running',
  tasks: readPlan(PLANS[0] ?? '', 'sample').tasks as RunTask[],
  plan: PLANS[0] ?? '',
  queues: 4,
  scale: '1',
  speed: '1',
  origin: NOW,
  rates: [{ beat: 5, factor: '2' }],
  pauses: [{ from: NOW, to: instant(NOW + 5) }, { from: NOW }],
} as const;
const RUNS = [
  JSON.stringify(
    encodeRun({ ...UNDECIDED, ...RUN, deals: [{ beat: 0, queues: 4 }], starts: [{ task: 0, beat: 0, batchOps: 200 }] }),
  ),
];
const WORKERS = [encodeWorkerInfo({ host: 'h', pid: 1, db: 'redis', started: '2026-01-01T00:00:00Z', ready: true })];

function histogramSample(): Histogram {
  const histogram = new Histogram();
  for (let i = 1; i < 200; i += 1) histogram.record(micros(i * i * 7));
  return histogram;
}

function reportSample(): string {
  const stats = new TaskStats();
  const outcome = { items: 1, misses: 0, throttles: 0, unprocessed: 0, capacity: 1.5, bytesSent: 9, bytesReceived: 8 };
  stats.recordSend(NOW, instant(NOW + 70));
  stats.recordEnd({ ...outcome, error: 'DRUM_OP_TIMEOUT' }, NOW, instant(NOW + 70), instant(NOW + 1_000));
  return encodeReport({
    worker: 'w1',
    incarnation: NOW,
    host: 'h',
    pid: 1,
    seq: 1,
    at: NOW,
    tasks: [{ run: 'run1', task: 0, action: 'putItem', ...stats.figures(instant(NOW + 2_000)) }],
    seconds: [{ run: 'run1', of: 9, disturbed: 2, stall: 2, redelivery: 1, clock: 0 }],
    inFlight: 1,
    pending: 2,
    threads: 3,
    paused: false,
    eventLoopDelay: { p50: millis(1), p99: millis(2), max: millis(3) },
    loopBusy: 0.5,
    cpu: 0.5,
    memory: { rss: 1, heapUsed: 1 },
    clockError: micros(3),
    garbage: 0,
  });
}

const HISTOGRAM_HEADER = 40;

/** The bytes inside an encoded histogram, before they were compressed. */
function payloadOf(encoded: string): string {
  return inflateSync(Buffer.from(encoded, 'base64').subarray(8)).subarray(HISTOGRAM_HEADER).toString('base64');
}

/** A histogram around any bytes: whatever the outer layers check is right. */
function histogramAround(payload: string): string {
  const bytes = Buffer.from(payload, 'base64');
  const plain = inflateSync(Buffer.from(new Histogram().encode(), 'base64').subarray(8)).subarray(0, HISTOGRAM_HEADER);
  plain.writeInt32BE(bytes.length, 4);
  const deflated = deflateSync(Buffer.concat([plain, bytes]));
  const header = Buffer.from(new Histogram().encode(), 'base64').subarray(0, 8);
  header.writeInt32BE(deflated.length, 4);
  return Buffer.concat([header, deflated]).toString('base64');
}

const ADDRESSES = ['redis://user:p%40ss@host:6379/3', 'rediss://[::1]:1,b:2', 'a:1,b:2,c', '127.0.0.1'];

const fieldsOf = (text: string): Record<string, string> => {
  const value: unknown = safeJson(text);
  if (typeof value !== 'object' || value === null) return {};
  // A hash of Redis holds texts, whatever was written.
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, typeof field === 'string' ? field : JSON.stringify(field)]),
  );
};

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was read can be written and read again. */
function again<T>(read: T, encode: (value: T) => string, parse: (text: string) => T): T {
  const once = encode(read);
  const twice = encode(parse(once));
  if (once !== twice) throw new TypeError(`reads itself differently: ${once.slice(0, 300)} and ${twice.slice(0, 300)}`);
  return read;
}

export const PARSERS: readonly Parser[] = [
  {
    name: 'plan',
    slow: 8,
    samples: PLANS,
    codes: ['DRUM_PLAN_INVALID', 'DRUM_PLAN_TOO_LARGE'],
    parse: (text) => [parsePlan(text), readPlan(text, 'file')],
  },
  { name: 'config', samples: CONFIGS, codes: ['DRUM_CONFIG_INVALID'], parse: (text) => readConfig(text, 'file') },
  {
    name: 'queue element',
    samples: ELEMENTS,
    codes: ['DRUM_ELEMENT_INVALID'],
    parse: (text) => {
      const marked = redelivery(text);
      const read = decodeElement(text);
      if (read.kind === 'batch') {
        decodeElement(marked.element);
        again(read, (one) => (one.kind === 'batch' ? encodeBatch(one.batch) : ''), decodeElement);
      }
    },
  },
  {
    name: 'command',
    samples: COMMANDS,
    codes: ['DRUM_COMMAND_INVALID'],
    parse: (text) =>
      again(
        decodeCommand(text, NOW),
        (one) => encodeCommand({ ...one, nonce: one.nonce || 'plain' }),
        (one) => decodeCommand(one, NOW),
      ),
  },
  {
    name: 'rate',
    samples: ['0.5', '2x', '150%', '500qps', '500/s'],
    codes: ['DRUM_COMMAND_INVALID'],
    parse: parseRate,
  },
  {
    name: 'reply',
    samples: REPLIES,
    codes: [],
    parse: (text) => {
      const reply = decodeReply(text);
      if (reply !== undefined) again(reply, encodeReply, (one) => decodeReply(one) ?? reply);
    },
  },
  { name: 'audit entry', samples: AUDITS, codes: [], parse: decodeAudit },
  { name: 'report', samples: [reportSample()], codes: ['DRUM_REPORT_INVALID'], parse: decodeReport },
  {
    name: 'histogram',
    samples: [histogramSample().encode(), new Histogram().encode()],
    codes: ['DRUM_REPORT_INVALID'],
    parse: (text) => Histogram.decode(text, 0).encode(),
  },
  {
    name: 'payload of a histogram',
    samples: [payloadOf(histogramSample().encode())],
    codes: ['DRUM_REPORT_INVALID'],
    parse: (text) =>
      again(
        Histogram.decode(histogramAround(text), 0),
        (one) => one.encode(),
        (one) => Histogram.decode(one, 0),
      ),
  },
  { name: 'run record', samples: RUNS, codes: ['DRUM_RUN_UNKNOWN'], parse: (text) => decodeRun(fieldsOf(text)) },
  {
    name: 'decisions of a publisher',
    samples: RUNS,
    codes: ['DRUM_RUN_UNKNOWN'],
    parse: (text) => decodeDecisions(fieldsOf(text)),
  },
  {
    name: 'worker info',
    samples: WORKERS,
    codes: [],
    parse: (text) => {
      const info = decodeWorkerInfo(text);
      if (info !== undefined) again(info, encodeWorkerInfo, (one) => decodeWorkerInfo(one) ?? info);
    },
  },
  {
    name: 'digest',
    samples: [NO_DIGEST, '0123456789abcdef'],
    codes: [],
    rangeError: true,
    parse: (text) => addDigests(text, NO_DIGEST),
  },
  { name: 'address of the bus', samples: ADDRESSES, codes: ['DRUM_BUS_ADDRESS'], parse: parseRedisAddress },
  {
    name: 'texts that are shown',
    samples: [...ADDRESSES, ...COMMANDS],
    codes: [],
    parse: (text) => [masked(text), holdsPassword(text)],
  },
];

/** Whether what was thrown is a parser's way to say no; else why not. */
export function complaintAbout(error: unknown, { codes, rangeError = false }: Parser): string | undefined {
  if (rangeError && error instanceof RangeError) return undefined;
  if (!(error instanceof DrumlineError))
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  if (!codes.includes(error.code)) return `threw ${error.code}: ${error.message}`;
  // oxlint-disable-next-line no-control-regex -- these are the ones that must not be there
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u.test(error.message))
    return `has control characters in its message: ${JSON.stringify(error.message)}`;
  return undefined;
}
