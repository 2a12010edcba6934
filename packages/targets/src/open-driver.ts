import { valueOf } from '@drumline/core/data';
import type { Driver } from './driver.ts';
import type { DriverOptions, ValueSource } from './driver-options.ts';
import { DynamoDbDriver } from './dynamodb/index.ts';
import type { HttpTarget } from './http/index.ts';
import { NoDatabase } from './no-database.ts';
import { RedisDriver } from './redis/index.ts';

/**
 * The driver of the target that the options name. Nothing is connected before its `open()`.
 * Throws `DRUM_ENDPOINT_INVALID`.
 */
export function openDriver(options: DriverOptions, values: ValueSource = valueOf): Driver {
  if (options.db === 'http') return new NoDatabase();
  return options.db === 'redis' ? new RedisDriver(options, values) : new DynamoDbDriver(options, values);
}

/** What executes the ops of http tasks. It is loaded when it is first asked for, as the client is large. */
export async function openHttpTarget(options: DriverOptions): Promise<HttpTarget> {
  const { HttpTarget } = await import('./http/index.ts');
  return new HttpTarget(options);
}

/** What `--create-table` does: makes DynamoDB's table unless it is there. A Redis needs none. */
export async function createTable(options: DriverOptions): Promise<'created' | 'existed' | 'not needed'> {
  if (options.db !== 'dynamodb') return 'not needed';
  const { createDynamoDbTable } = await import('./dynamodb/session.ts');
  return createDynamoDbTable(options);
}
