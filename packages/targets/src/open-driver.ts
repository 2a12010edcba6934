import { valueOf } from '@drumline/core/data';
import type { Driver } from './driver.ts';
import type { DriverOptions, ValueSource } from './driver-options.ts';
import { DynamoDbDriver } from './dynamodb/index.ts';
import { RedisDriver } from './redis/index.ts';

/**
 * The driver of the target that the options name. Nothing is connected before its `open()`.
 * Throws `DRUM_ENDPOINT_INVALID`.
 */
export const openDriver = (options: DriverOptions, values: ValueSource = valueOf): Driver =>
  options.db === 'redis' ? new RedisDriver(options, values) : new DynamoDbDriver(options, values);

/** What `--create-table` does: makes DynamoDB's table unless it is there. A Redis needs none. */
export async function createTable(options: DriverOptions): Promise<'created' | 'existed' | 'not needed'> {
  if (options.db === 'redis') return 'not needed';
  const { createDynamoDbTable } = await import('./dynamodb/session.ts');
  return createDynamoDbTable(options);
}
