import type { Place } from '../../document/index.ts';
import { parseTemplate } from '../../template/parse-template.ts';
import type { Action, ColumnSpec } from '../plan.ts';
import { DEFAULT_CHECKS } from './check-fields.ts';
import type { HttpChecks, HttpRequest, HttpTask } from './http-task.ts';

interface HttpValues {
  readonly name?: string | undefined;
  readonly request?: HttpRequest | undefined;
  readonly checks?: HttpChecks | undefined;
  readonly data?: readonly ColumnSpec[] | undefined;
}

/** The part of a task that only action `http` has; records what does not go together. */
export function readHttp(
  action: Action | undefined,
  place: Place,
  places: ReadonlyMap<string, Place>,
  { name, request, checks, data = [] }: HttpValues,
): HttpTask | undefined {
  if (action === undefined) return undefined;
  if (action !== 'http') {
    for (const field of ['name', 'request', 'checks'])
      places.get(field)?.refuse(`has no meaning for ${action}, only for http`, 'take it away');
    return undefined;
  }
  places.get('samples')?.refuse('has no meaning for http', 'take it away');
  if (!places.has('request') && !place.isBroken)
    place.refuse('has no "request", which http needs', 'write "request": { "url": "http://127.0.0.1:8080/" }, say');
  const fixed = data.filter(({ kind }) => kind !== 'suffixed').map((column) => column.name);
  const texts = places.get('request');
  if (texts !== undefined) checkTemplates(texts, fixed);
  refuseSuffixes(places.get('data'), data);
  if (request === undefined) return undefined;
  if (request.method === 'HEAD') refuseBodyChecks(places.get('checks'), checks);
  return { name: name ?? nameOf(request), request, checks: checks ?? DEFAULT_CHECKS };
}

/** Every text of a request is a template. */
function checkTemplates(place: Place, columns: readonly string[]): void {
  if (typeof place.value === 'string') {
    for (const { at, message, hint } of parseTemplate(place.value, columns).faults)
      place.refuseWithin(at, message, hint);
  }
  for (const element of place.elements ?? []) checkTemplates(element, columns);
  if (place.isObject) for (const { value } of place.members) checkTemplates(value, columns);
}

function refuseSuffixes(place: Place | undefined, data: readonly ColumnSpec[]): void {
  const drawn = new Set(data.filter(({ kind }) => kind === 'suffixed').map((column) => column.name));
  for (const { name, value } of place?.members ?? [])
    if (drawn.has(name))
      value.refuse('has a drawn suffix, which http cannot name', 'write a number of bytes or a text');
}

/** An answer to HEAD has no body. */
function refuseBodyChecks(place: Place | undefined, checks: HttpChecks | undefined): void {
  if (checks === undefined) return;
  const never = 'can never hold: an answer to HEAD has no body';
  for (const { name, value } of place?.members ?? []) {
    const isOfBody = name === 'body' || name === 'json' || (name === 'size' && (checks.size.min ?? 0) > 0);
    if (isOfBody) value.refuse(never, 'take it away, or use GET');
  }
}

/** Method and path, with placeholders as they are written: one row a task, not one a URL. */
function nameOf({ method, url }: HttpRequest): string {
  const path = url.replace(/^https?:\/\/[^/?]*/, '').replace(/\?.*$/s, '');
  return `${method} ${path === '' ? '/' : path}`.slice(0, 100);
}
