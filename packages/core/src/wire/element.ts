import type { Column } from '../data/op.ts';
import { DrumlineError } from '../errors/index.ts';
import { DATA_ACTIONS, type DataAction } from '../plan/plan.ts';
import { type Batch, batchOf } from './batch.ts';
import { shown } from './shown.ts';

/**
 * One operation in the form that the original publisher pushes: executed at once, in no run and no ledger.
 * `columns` are as in the original's `data`: a number is a length in bytes, a text a literal.
 */
export interface OriginalElement {
  readonly action: DataAction;
  readonly items: readonly { readonly key: string; readonly columns: readonly OriginalColumn[] }[];
}
export type OriginalColumn =
  | Pick<Extract<Column, { len: number }>, 'name' | 'len'>
  | Extract<Column, { value: unknown }>;

export type Element =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'original'; readonly original: OriginalElement };

/** Characters of the longest element that is read at all; the original's largest batches stay far below. */
const MAX_ELEMENT_LENGTH = 4 * 1_024 * 1_024;
const MAX_ITEMS = 10_000;
const MAX_COLUMN_BYTES = 10_000_000;
/** Bytes that all columns of an element ask for: a short forged element must not make a worker run out of memory. */
const MAX_BYTES = 64 * 1_024 * 1_024;

/**
 * Reads a list element, in Drumline's or the original's form.
 * @throws DrumlineError DRUM_ELEMENT_INVALID for anything else: the element belongs in the dead-letter list.
 */
export function decodeElement(text: string): Element {
  if (text.length > MAX_ELEMENT_LENGTH) throw invalid(`is ${text.length} long, at most ${MAX_ELEMENT_LENGTH} is read`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`is not JSON: ${shown(text)}`);
  }
  if (!isObject(value)) throw invalid('is not an object');
  if (Object.hasOwn(value, 'run')) return { kind: 'batch', batch: batchOf(value) };
  if (Object.hasOwn(value, 'action')) return { kind: 'original', original: originalOf(value) };
  throw invalid('has neither "run" (a batch) nor "action" (the original form)');
}

function originalOf(element: Readonly<Record<string, unknown>>): OriginalElement {
  const action = DATA_ACTIONS.find((known) => known === element['action']);
  if (action === undefined) throw invalid(`has the unknown action ${shown(element['action'])}`);
  const items = action.startsWith('batch') ? batchItems(element) : [singleItem(element)];
  if (items.length === 0 || items.length > MAX_ITEMS)
    throw invalid(`has ${items.length} items, expected 1 to ${MAX_ITEMS}`);
  const writes = action === 'putItem' || action === 'updateItem' || action === 'batchPutItem';
  const names = action === 'getSubItem' || action === 'batchGetSubItem';
  if ((writes || names) && items.some((item) => item.columns.length === 0))
    throw invalid(`is a ${action} without data`);
  const bytes = bytesOf(items);
  if (bytes > MAX_BYTES) throw invalid(`asks for ${bytes} bytes, at most ${MAX_BYTES} are made`);
  return { action, items };
}

function singleItem(element: Readonly<Record<string, unknown>>): OriginalElement['items'][number] {
  return { key: keyOf(element['key']), columns: columnsOf(element['data'] ?? {}) };
}

/** `items` is a list of keys with the columns beside it, or (batchPutItem) an object of rows by key. */
function batchItems(element: Readonly<Record<string, unknown>>): OriginalElement['items'] {
  const items = element['items'];
  if (Array.isArray(items)) {
    const columns = columnsOf(element['data'] ?? {});
    return items.map((key) => ({ key: keyOf(key), columns }));
  }
  if (!isObject(items)) throw invalid('has no "items"');
  return Object.entries(items).map(([key, data]) => ({ key: keyOf(key), columns: columnsOf(data) }));
}

function keyOf(value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 2_048) return value;
  throw invalid(`has the key ${shown(value)}, expected a text of 1 to 2,048`);
}

function columnsOf(data: unknown): OriginalColumn[] {
  if (!isObject(data)) throw invalid('has data that is not an object');
  return Object.entries(data).map(([name, value]) => {
    if (typeof value === 'string') return { name, value };
    if (isLength(value)) return { name, len: value };
    throw invalid(
      `has ${shown(value)} in column ${shown(name)}, expected a text or a length up to ${MAX_COLUMN_BYTES}`,
    );
  });
}

const isLength = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_COLUMN_BYTES;

/** Bytes that the columns of all items ask for. */
const bytesOf = (items: OriginalElement['items']): number =>
  items.reduce(
    (sum, { columns }) => columns.reduce((total, column) => total + ('len' in column ? column.len : 0), sum),
    0,
  );

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const invalid = (what: string): DrumlineError => new DrumlineError('DRUM_ELEMENT_INVALID', `the element ${what}`);
