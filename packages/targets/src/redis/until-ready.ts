import { DrumlineError } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';
import { errorCodeOf } from './reply-error.ts';

/** What ioredis's `Redis` and `Cluster` have in common here. */
export interface Connecting {
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: 'error' | 'ready' | 'end', listener: (error?: unknown) => void): unknown;
  off(event: 'error' | 'ready' | 'end', listener: (error?: unknown) => void): unknown;
}

/**
 * Connects, trying again until `within` has passed; the client's own retry strategy does the trying. A refused login
 * ends it at once. Rejects with `DRUM_CONNECT` or `DRUM_REDIS_…`, and the connection is given up then.
 */
export async function untilReady(client: Connecting, address: string, within: Millis): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: unknown;
  const onError = (error: unknown): void => {
    last = error;
    if (errorCodeOf(error) !== 'DRUM_CONNECT') reject(error);
  };
  const onReady = (): void => resolve();
  const onEnd = (): void => reject(last);
  const timer = setTimeout(() => reject(last), within);
  client.on('error', onError);
  client.on('ready', onReady);
  client.on('end', onEnd);
  client.connect().catch((error: unknown) => {
    last ??= error;
  });
  try {
    await promise;
  } catch (error) {
    client.disconnect();
    throw refused(address, within, error);
  } finally {
    clearTimeout(timer);
    client.off('error', onError);
    client.off('ready', onReady);
    client.off('end', onEnd);
  }
}

function refused(address: string, within: Millis, error: unknown): DrumlineError {
  const code = errorCodeOf(error);
  const reason = reasonOf(error);
  const message =
    code === 'DRUM_CONNECT'
      ? `the target Redis at ${address} could not be reached within ${within} ms: ${reason}`
      : `the target Redis at ${address} refuses: ${reason}`;
  return new DrumlineError(code, message, { cause: error });
}

/** A cluster's error carries the last node's; an error of several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return reasonOf(error.lastNodeError);
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error.message;
}
