import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrumlineError } from '../errors/index.ts';
import { TaskStats } from '../stats/index.ts';
import { instant, micros, millis } from '../units/index.ts';
import { decodeReport, encodeReport, LONGEST_REPORT, type WorkerReport } from './report.ts';

const OUTCOME = { items: 1, misses: 0, throttles: 0, unprocessed: 0, capacity: 1.5, bytesSent: 9, bytesReceived: 8 };
const NOW = instant(1_700_000_000_000_000);
const at = (us: number) => instant(NOW + us);

function report(changes: Partial<WorkerReport> = {}): WorkerReport {
  const stats = new TaskStats();
  stats.recordSend(NOW, at(70));
  stats.recordEnd(OUTCOME, NOW, at(70), at(1_000));
  stats.recordSend(NOW, at(80));
  const http = { status: 503, connect: micros(5), firstByte: micros(900) };
  stats.recordEnd({ ...OUTCOME, error: 'DRUM_OP_TIMEOUT', http }, NOW, at(80), at(7_200_000_000));
  return {
    worker: 'w1',
    incarnation: NOW,
    host: 'host.example',
    pid: 4_711,
    seq: 3,
    at: instant(NOW + 1_000.25),
    tasks: [{ run: 'r1', task: 0, action: 'putItem', ...stats.figures(at(1_000)) }],
    seconds: [{ run: 'r1', of: 9, disturbed: 2, stall: 2, redelivery: 1, clock: 0 }],
    inFlight: 4,
    pending: 5,
    threads: 10,
    paused: false,
    eventLoopDelay: { p50: millis(0.1), p99: millis(1.5), max: millis(7) },
    loopBusy: 0.4,
    cpu: 0.75,
    memory: { rss: 100_000_000, heapUsed: 30_000_000 },
    clockError: micros(120),
    garbage: 1,
    ...changes,
  };
}

/** The wire form with one field changed; `path` by dots. */
function altered(path: string, value: unknown): string {
  const wire: unknown = JSON.parse(encodeReport(report()));
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let owner: unknown = wire;
  for (const step of steps) owner = Reflect.get(Object(owner), step);
  Reflect.defineProperty(Object(owner), last, { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(wire);
}

function refusal(text: string): unknown {
  try {
    decodeReport(text);
    return undefined;
  } catch (error) {
    return error instanceof DrumlineError ? `${error.code}: ${error.message}` : error;
  }
}

describe('a report', () => {
  test('is read as it was written, histograms and clamped counts too', () => {
    const sent = report();
    const read = decodeReport(encodeReport(sent));
    const { tasks, ...rest } = sent;
    expect(read).toMatchObject(rest);
    const [before] = tasks;
    const after = read?.tasks[0];
    expect(after).toMatchObject({
      run: 'r1',
      task: 0,
      action: 'putItem',
      counters: before?.counters,
      windows: before?.windows,
      beats: before?.beats,
    });
    expect(after?.errors).toEqual(new Map([['DRUM_OP_TIMEOUT', 1]]));
    expect([...(after?.response.bars() ?? [])]).toEqual([...(before?.response.bars() ?? [])]);
    expect([after?.response.clamped, after?.service.max, after?.lateness.total]).toEqual([1, 3_600_809_983, 2]);
  });

  test('may have no task', () => {
    expect(decodeReport(encodeReport(report({ tasks: [] })))?.tasks).toEqual([]);
  });

  test.each([
    ['{"kind":"reply","id":"7"}'],
    ['{"worker_id":"w","put":3}'],
    ['{}'],
    ['{"__proto__":{"kind":"report"}}'],
  ])('another kind of message is none: %s', (text) => {
    expect(decodeReport(text)).toBeUndefined();
  });
});

describe('hostile messages', () => {
  test.each([
    ['no JSON', 'stop', 'it is not JSON'],
    ['a JSON text', '"report"', 'it is not a JSON object'],
    ['null', 'null', 'it is not a JSON object'],
    ['a list', '[]', 'it is not a JSON object'],
    ['too long a text', ' '.repeat(LONGEST_REPORT + 1), 'at most 16777216 are read'],
    ['nothing but its kind', '{"kind":"report"}', 'at worker'],
    ['an unknown field', altered('extra', 1), 'extra'],
    ['a prototype as field', altered('__proto__', { admin: true }), '__proto__'],
    ['an unknown field of a task', altered('tasks.0.extra', 1), 'at tasks.0'],
    ['a name with control characters', altered('worker', 'w\u001b[2J'), 'at worker'],
    ['an empty name', altered('worker', ''), 'at worker'],
    ['too long a name', altered('host', 'h'.repeat(201)), 'at host'],
    ['a negative counter', altered('tasks.0.ok', -1), 'at tasks.0.ok'],
    ['half an op', altered('tasks.0.sent', 1.5), 'at tasks.0.sent'],
    ['a counter beyond 2⁵³', altered('tasks.0.sent', 1e17), 'at tasks.0.sent'],
    ['a text as number', altered('seq', '3'), 'at seq'],
    ['report number 0', altered('seq', 0), 'at seq'],
    ['an endless number', altered('cpu', 'NUMBER').replace('"NUMBER"', '1e999'), 'at cpu'],
    ['an error code that is none', altered('tasks.0.errors', { 'a b': 1 }), 'at tasks.0.errors'],
    [
      'too many error codes',
      altered('tasks.0.errors', Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`E${i}`, 1]))),
      'too many',
    ],
    ['too many tasks', altered('tasks', Array(257).fill(JSON.parse(encodeReport(report())).tasks[0])), 'at tasks'],
    ['too many windows', altered('tasks.0.windows.counts', Array(51).fill(1)), 'at tasks.0.windows.counts'],
    ['a broken histogram', altered('tasks.0.service.hdr', 'AAAA'), 'an encoded histogram cannot be read'],
    ['too long a histogram', altered('tasks.0.service.hdr', 'A'.repeat(400_000)), 'at tasks.0.service.hdr'],
  ])('%s is refused by name', (_, text, problem) => {
    expect(refusal(text)).toMatch(/^DRUM_REPORT_INVALID: /);
    expect(refusal(text)).toContain(problem);
  });

  test('what they say never reaches a terminal raw, nor at length', () => {
    const message = String(refusal(altered(`\u001b[2J${'x'.repeat(10_000)}`, 1)));
    expect(message).not.toMatch(/[^\x20-\x7e]/);
    expect(message.length).toBeLessThan(400);
  });

  test('keys of the prototype are nothing special', () => {
    const text = altered('tasks.0.errors.__proto__', 1);
    expect(text).toContain('__proto__');
    const errors = refusal(text) === undefined ? decodeReport(text)?.tasks[0]?.errors : new Map();
    expect(errors?.has('__proto__')).toBe(false);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  test('any JSON under any field is read or refused with that code', () => {
    const paths = Object.keys(JSON.parse(encodeReport(report()))).concat(
      'tasks.0',
      'tasks.0.errors',
      'tasks.0.response',
      'tasks.0.windows',
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        expect(String(refusal(altered(path, value)))).toMatch(/^(undefined$|DRUM_REPORT_INVALID: )/);
      }),
    );
  });
});
