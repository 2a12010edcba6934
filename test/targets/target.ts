import { type Column, type Item, type Op, valueOf, wordOf } from '@drumline/core/data';
import type { Action, Json } from '@drumline/core/plan';
import { instant, micros } from '@drumline/core/units';
import { Abort, type Driver, type DriverOptions, type Outcome } from '@drumline/targets';

/** What an independent client finds of an item: text of a JSON value, hex of bytes. `undefined` = not there. */
export type Stored = Readonly<Record<string, string>> | undefined;

export const options = (more: Partial<DriverOptions> & Pick<DriverOptions, 'db'>): DriverOptions => ({
  tableName: 'stress',
  region: 'us-east-1',
  maxInFlight: 64,
  timeout: micros(5_000_000),
  retries: 0,
  consistentRead: true,
  ...more,
});

export const keyOf = (n: number): string => n.toString(16).padStart(32, '0');

export const bytes = (name: string, len: number, salt = 1): Column => ({ name, len, salt });
export const literal = (name: string, value: Json): Column => ({ name, value });

export const item = (n: number, row: readonly Column[] = []): Item => ({ key: keyOf(n), word: wordOf(keyOf(n)), row });

export const op = (action: Action, items: readonly Item[], limit = 100): Op => ({
  action,
  n: 0,
  intended: instant(0),
  items,
  limit,
});

export const run = (driver: Driver, action: Action, items: readonly Item[], limit?: number): Promise<Outcome> =>
  driver.execute(op(action, items, limit), new Abort());

/** The row as `Stored` shows it. */
export const stored = (of: Item): Stored =>
  Object.fromEntries(of.row.map((column) => [column.name, shown(valueOf(of, column))]));

export const shown = (value: Uint8Array | Json): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : JSON.stringify(value);
