import type { ErrorCode } from '@drumline/core/errors';
import type { HttpChecks, Json, JsonCheck } from '@drumline/core/plan';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An answer that has come to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes of the body, as they came. */
  readonly size: number;
  /** The body's text, unpacked. Called only when `readsBody`; `undefined` when it cannot be unpacked. */
  text(): string | undefined;
  /** From the send to the end of the answer, µs. */
  readonly took: number;
}

export interface AnswerChecks {
  /** Whether the body has to be kept. */
  readonly readsBody: boolean;
  /** The first check that the answer fails, in the order status, headers, size, body, JSON, time; `undefined` when it is good. */
  judge(answer: Answer): ErrorCode | undefined;
}

type Check = (answer: Answer) => ErrorCode | undefined;

/** Compiles the checks of a task: those that it does not have cost nothing. */
export function answerChecks(checks: HttpChecks): AnswerChecks {
  const readsBody = checks.body.contains !== undefined || checks.body.matches !== undefined || checks.json.length > 0;
  const all: readonly Check[] = [
    statusCheck(checks.status),
    ...checks.headers.map(headerCheck),
    ...sizeChecks(checks.size),
    ...(readsBody ? [bodyCheck(checks)] : []),
    ...(checks.time === undefined ? [] : [timeCheck(checks.time)]),
  ];
  const [only] = all;
  if (all.length === 1 && only !== undefined) return { readsBody, judge: only };
  const judge: Check = (answer) => {
    for (const check of all) {
      const code = check(answer);
      if (code !== undefined) return code;
    }
    return undefined;
  };
  return { readsBody, judge };
}

function statusCheck(ranges: HttpChecks['status']): Check {
  const allowed = new Uint8Array(1_000);
  for (const [from, to] of ranges) allowed.fill(1, from, to + 1);
  return ({ status }) => (allowed[status] === 1 ? undefined : 'DRUM_CHECK_STATUS');
}

function headerCheck({ name, equals, matches }: HttpChecks['headers'][number]): Check {
  const pattern = matches === undefined ? undefined : new RegExp(matches, 'u');
  return ({ headers }) => {
    const value = headers[name];
    if (value === undefined) return 'DRUM_CHECK_HEADER';
    const values = typeof value === 'string' ? [value] : value;
    const isGood = values.some(
      (one) => (equals === undefined || one === equals) && (pattern === undefined || pattern.test(one)),
    );
    return isGood ? undefined : 'DRUM_CHECK_HEADER';
  };
}

function sizeChecks({ min = 0, max = Number.POSITIVE_INFINITY }: HttpChecks['size']): Check[] {
  if (min === 0 && max === Number.POSITIVE_INFINITY) return [];
  return [({ size }) => (size >= min && size <= max ? undefined : 'DRUM_CHECK_SIZE')];
}

function timeCheck(time: number): Check {
  return ({ took }) => (took <= time ? undefined : 'DRUM_CHECK_TIME');
}

function bodyCheck({ body: { contains, matches }, json }: HttpChecks): Check {
  const pattern = matches === undefined ? undefined : new RegExp(matches, 'u');
  return (answer) => {
    const text = answer.text();
    if (text === undefined) return 'DRUM_HTTP_ANSWER';
    if (contains !== undefined && !text.includes(contains)) return 'DRUM_CHECK_BODY';
    if (pattern !== undefined && !pattern.test(text)) return 'DRUM_CHECK_BODY';
    return json.length === 0 || jsonHolds(text, json) ? undefined : 'DRUM_CHECK_JSON';
  };
}

function jsonHolds(text: string, checks: readonly JsonCheck[]): boolean {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return false;
  }
  return checks.every(({ steps, equals, exists }) => {
    const found = valueAt(root, steps);
    if ((found !== undefined) !== exists) return false;
    return equals === undefined || sameJson(found, equals);
  });
}

function valueAt(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) !== (typeof step === 'number'))
      return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** Equal as JSON: the order of an object's names does not matter. */
function sameJson(a: unknown, b: Json): boolean {
  if (typeof b !== 'object' || b === null) return a === b;
  if (typeof a !== 'object' || a === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(b);
  return (
    names.length === Object.keys(a).length &&
    names.every((name) => Object.hasOwn(a, name) && sameJson(Reflect.get(a, name), Reflect.get(b, name) as Json))
  );
}
