import { fieldsOf, listOf, textOf } from './answer.ts';
import { ID, SORT } from './attribute.ts';
import type { DynamoClient, Operation } from './dynamo-client.ts';
import type { Flight } from './flight.ts';
import type { TableText } from './table-text.ts';

/** What DynamoDB takes in one BatchGetItem and one BatchWriteItem at most. */
const GETS_PER_REQUEST = 100;
const WRITES_PER_REQUEST = 25;

/** What the actions work with. */
export interface Target {
  readonly client: DynamoClient;
  readonly text: TableText;
  readonly tableName: string;
  /** How often what a batch handed back is sent again. */
  readonly unprocessedRetries: number;
}

/** One part of a batch: a key to read or a row to write. */
export interface Part {
  /** The item that it belongs to. */
  readonly key: string;
  /** Of a row of one column: which. */
  readonly sort?: string;
  readonly json: string;
}

/**
 * Writes rows, in concurrent requests of 25. Rows must be distinct: DynamoDB refuses a batch that names one twice.
 * Answers the keys of items of which something was not written.
 */
export const batchWrite = (target: Target, flight: Flight, parts: readonly Part[]): Promise<Set<string>> =>
  inChunks(parts, WRITES_PER_REQUEST, (chunk) =>
    settle(target, flight, chunk, {
      operation: 'BatchWriteItem',
      body: (json) => target.text.batchWrite(json),
      undone: (fields) => listOf(fieldsOf(fields['UnprocessedItems'])?.[target.tableName]).map(rowOf),
    }),
  );

/**
 * Reads keys, in concurrent requests of 100, calling `onRow` for every row found, of which there are never more than keys.
 * Keys must be distinct.
 * @param names of the attributes to read, as JSON text; none = all.
 * @returns the keys of items of which something could not be read.
 */
export const batchGet = (
  target: Target,
  flight: Flight,
  parts: readonly Part[],
  names: readonly string[],
  onRow: (row: unknown) => void,
): Promise<Set<string>> =>
  inChunks(parts, GETS_PER_REQUEST, (chunk) =>
    settle(target, flight, chunk, {
      operation: 'BatchGetItem',
      body: (json) => target.text.batchGet(json, names),
      undone: (fields, asked) => {
        const rows = listOf(fieldsOf(fields['Responses'])?.[target.tableName]);
        if (rows.length > asked) return undefined;
        rows.forEach(onRow);
        return listOf(fieldsOf(fieldsOf(fields['UnprocessedKeys'])?.[target.tableName])?.['Keys']);
      },
    }),
  );

/** A batch operation: how to say it, and what it handed back. */
interface Kind {
  readonly operation: Operation;
  body(json: readonly string[]): string;
  /**
   * Reads the answer to `asked` parts; answers the keys of the rows that were not done, or `undefined` when it cannot be the
   * answer to these.
   */
  undone(fields: Readonly<Record<string, unknown>>, asked: number): readonly unknown[] | undefined;
}

/** Sends one request, and again what it hands back, up to the bound. Answers the keys with anything left undone. */
async function settle(target: Target, flight: Flight, parts: readonly Part[], kind: Kind): Promise<string[]> {
  let left = parts;
  for (let attempt = 0; ; attempt++) {
    const fields = await target.client.call(kind.operation, kind.body(left.map((part) => part.json)), flight);
    const again = fields === undefined ? undefined : partsOf(left, kind.undone(fields, left.length));
    if (again === undefined) {
      if (fields !== undefined) flight.tally.fail('DRUM_DDB_ANSWER');
      return left.map((part) => part.key);
    }
    left = again;
    if (left.length === 0) return [];
    if (attempt >= target.unprocessedRetries || flight.aborted) break;
    await flight.pause(attempt);
  }
  flight.tally.unprocessed += left.length;
  flight.tally.fail('DRUM_DDB_UNPROCESSED');
  return left.map((part) => part.key);
}

/**
 * The parts that were handed back: they are sent again as they were first, never as they came. `undefined` when one came
 * that was not asked for, or came twice.
 */
function partsOf(asked: readonly Part[], keys: readonly unknown[] | undefined): readonly Part[] | undefined {
  if (keys === undefined || keys.length > asked.length) return undefined;
  if (keys.length === 0) return [];
  const open = new Map(asked.map((part) => [nameOf(part.key, part.sort), part]));
  const parts: Part[] = [];
  for (const key of keys) {
    const name = nameOf(textOf(key, ID) ?? '', textOf(key, SORT));
    const part = open.get(name);
    if (part === undefined) return undefined;
    open.delete(name);
    parts.push(part);
  }
  return parts;
}

/** Keys are hex digits, so that no two rows share a name. */
const nameOf = (key: string, sort: string | undefined): string => (sort === undefined ? key : `${key}:${sort}`);

async function inChunks(
  parts: readonly Part[],
  size: number,
  send: (chunk: readonly Part[]) => Promise<string[]>,
): Promise<Set<string>> {
  const chunks: Promise<string[]>[] = [];
  for (let at = 0; at < parts.length; at += size) chunks.push(send(parts.slice(at, at + size)));
  return new Set((await Promise.all(chunks)).flat());
}

/** The row that a write request is about. */
function rowOf(request: unknown): unknown {
  const fields = fieldsOf(request);
  return fieldsOf(fields?.['PutRequest'])?.['Item'] ?? fieldsOf(fields?.['DeleteRequest'])?.['Key'];
}
