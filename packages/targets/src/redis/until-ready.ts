import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';
import { type Reply, ReplyRefusal } from './reply.ts';
import { errorCodeOf } from './reply-error.ts';

/** What ioredis's `Redis` and `Cluster` have in common here. */
export interface Connecting {
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: 'error' | 'ready' | 'end', listener: (error?: unknown) => void): unknown;
  off(event: 'error' | 'ready' | 'end', listener: (error?: unknown) => void): unknown;
}

/** ms between two questions to a target that is up and cannot serve yet. */
const ASK_EVERY = 100;
/** What passes by itself. */
const PASSES: ReadonlySet<ErrorCode> = new Set(['DRUM_REDIS_LOADING', 'DRUM_REDIS_UNAVAILABLE']);

/**
 * Connects, trying again until `within` has passed; the client's own retry strategy does the trying. A refused login, or an
 * answer that is none, ends it at once. Rejects with `DRUM_CONNECT` or `DRUM_REDIS_…`, and the connection is given up then.
 * @param ping asks a connection that is ready whether the target can serve; default: it is not asked.
 */
export async function untilReady(
  client: Connecting,
  address: string,
  within: Millis,
  ping?: () => Promise<Reply | undefined>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: unknown;
  let again: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const reply = await ping?.();
    if (!isRefused(reply)) return resolve();
    last = reply;
    const code = errorCodeOf(reply);
    if (PASSES.has(code)) again = setTimeout(onReady, ASK_EVERY);
    else if (code !== 'DRUM_CONNECT') reject(reply);
  };
  const onError = (error: unknown): void => {
    last = error;
    if (errorCodeOf(error) !== 'DRUM_CONNECT') reject(error);
  };
  const onReady = (): void => void ask();
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
    clearTimeout(again);
    client.off('error', onError);
    client.off('ready', onReady);
    client.off('end', onEnd);
  }
}

/** A user who may not PING may still do what the ops do. */
function isRefused(reply: Reply | undefined): reply is Error | ReplyRefusal {
  return reply instanceof ReplyRefusal ? !reply.message.startsWith('NOPERM ') : reply instanceof Error;
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
  if (error instanceof ReplyRefusal) return error.message;
  if (!(error instanceof Error)) return 'no answer';
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return reasonOf(error.lastNodeError);
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error.message;
}
