import { type Place, readRecord, type Values } from '../document/index.ts';
import { type HttpTask, readHttp } from './http/index.ts';
import type { Action, Task } from './plan.ts';
import { BATCH_ITEMS, MAX_RATE, TASK_FIELDS } from './task-fields.ts';

type TaskValues = Values<typeof TASK_FIELDS>;
type Places = ReadonlyMap<string, Place>;

/** A stream with a smaller share than this is picked so seldom that its weight is more likely a slip. */
const TINY_SHARE = 0.000_001;

/** Reads one entry of the traffic file; `undefined` after problems were recorded. */
export function readTask(place: Place): Task | undefined {
  const ignored = place.path === '' ? ['$schema'] : [];
  const reading = readRecord(place, TASK_FIELDS, { what: 'a task (an object) or a list of tasks', ignored });
  if (reading === undefined) return undefined;
  const { values, places } = reading;
  checkBound(place, places);
  checkSamples(values.action, places.get('samples'), values.samples);
  checkLimit(values.action, places.get('limit'));
  checkPeak(values, places);
  checkTotal(place, values);
  warnOfCurve(values, places);
  warnOfTinyWeights(values.seeds, places.get('seeds'));
  return build(place, values, readHttp(values.action, place, places, values));
}

function build(place: Place, values: TaskValues, http: HttpTask | undefined): Task | undefined {
  const { action, qps, late, seed, samples } = values;
  if (action === undefined || qps === undefined) return undefined;
  return {
    kind: 'task',
    action,
    qps,
    qpss: values.qpss,
    curve: values.curve,
    clock: values.clock,
    timezone: values.timezone,
    times: values.times,
    duration: values.duration,
    repeat: values.repeat,
    seed: seed === '0' ? undefined : seed,
    seeds: values.seeds,
    offset: values.offset,
    samples: samples ?? BATCH_ITEMS.get(action)?.default ?? 0,
    data: values.data,
    arrivals: values.arrivals,
    late: late ?? undefined,
    limit: values.limit,
    ...(http !== undefined && { http }),
    ...place.position,
  };
}

function checkBound(place: Place, places: Places): void {
  if (places.has('times') || places.has('duration') || place.isBroken) return;
  place.refuse(
    'has neither "times" nor "duration", one of them must end it',
    'add "times": 1000 or "duration": "10m", say',
  );
}

function checkSamples(action: Action | undefined, place: Place | undefined, samples: number | undefined): void {
  if (action === undefined || place === undefined || samples === undefined) return;
  const max = BATCH_ITEMS.get(action)?.max;
  if (max === undefined || (samples >= 1 && samples <= max)) return;
  const hint = samples < 1 ? 'write 10, say, or leave it out' : `write ${max} or less`;
  place.refuse(`is ${samples}, ${action} takes 1 to ${max} items an operation`, hint);
}

function checkLimit(action: Action | undefined, place: Place | undefined): void {
  if (action === undefined || action === 'query') return;
  place?.refuse(`has no meaning for ${action}, only for query`, 'take it away');
}

function checkPeak({ qps, qpss }: TaskValues, places: Places): void {
  if (qps === undefined || qpss === undefined) return;
  const peak = Number(qps) * Math.max(...qpss.map(Number));
  if (peak <= MAX_RATE) return;
  places
    .get('qpss')
    ?.refuse(
      `makes ${peak} operations a second of qps ${qps}, the most is ${MAX_RATE}`,
      'lower qps or the highest hour',
    );
}

/** Numbers of ops and keys must stay exact in a double, over all repeats. */
function checkTotal(place: Place, values: TaskValues): void {
  const { action, qps, qpss, times, duration, repeat, offset } = values;
  if (action === undefined || qps === undefined || (times === undefined && duration === undefined)) return;
  const peak = Number(qps) * Math.max(...(qpss ?? ['1']).map(Number));
  const inTime = duration === undefined ? Number.POSITIVE_INFINITY : (duration / 1_000_000) * peak;
  const ops = Math.min(times ?? Number.POSITIVE_INFINITY, inTime);
  const items = BATCH_ITEMS.has(action) ? (values.samples ?? BATCH_ITEMS.get(action)?.default ?? 1) : 1;
  const total = Math.max(ops * repeat, offset + ops * items);
  if (total <= Number.MAX_SAFE_INTEGER) return;
  place.refuse(
    `can come to ${total.toPrecision(3)} operations or keys, the most is ${Number.MAX_SAFE_INTEGER}`,
    'lower qps, times, duration, repeat or offset',
  );
}

function warnOfCurve({ qpss, clock }: TaskValues, places: Places): void {
  const idle = places.has('qpss') ? [] : ['curve', 'clock', 'timezone'];
  for (const name of idle) places.get(name)?.warn('does nothing without qpss', 'take it away, or add "qpss"');
  if (qpss === undefined || clock !== 'run') return;
  places.get('timezone')?.warn('does nothing with "clock": "run"', 'take one of the two away');
}

function warnOfTinyWeights(seeds: readonly number[] | undefined, place: Place | undefined): void {
  const sum = (seeds ?? []).reduce((total, weight) => total + weight, 0);
  for (const [index, element] of (place?.elements ?? []).entries()) {
    const share = (seeds?.[index] ?? sum) / sum;
    if (share < TINY_SHARE)
      element.warn(`is ${element.shown} of ${sum}: stream ${index + 1} is hardly ever picked`, 'check the weight');
  }
}
