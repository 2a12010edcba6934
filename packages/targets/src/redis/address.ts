import { DrumlineError } from '@drumline/core/errors';

/** Where one Redis listens, and what its URL says about how to log in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `host`, `host:port`, `[v6]:port` or a `redis://` / `rediss://` URL.
 * Throws `DRUM_ENDPOINT_INVALID`; the message never shows a password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = parseUrl(/^rediss?:\/\//u.test(text) ? text : `redis://${text}`);
  if (url === null || url.hostname === '') throw invalid(text);
  const database = url.pathname.replace(/^\//u, '');
  if (!/^\d*$/u.test(database)) throw invalid(text);
  return {
    host: url.hostname.replace(/^\[|\]$/gu, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === 'rediss:',
    ...(url.username === '' ? {} : { username: decoded(url.username, text) }),
    ...(url.password === '' ? {} : { password: decoded(url.password, text) }),
    ...(database === '' ? {} : { database: Number(database) }),
  };
}

/** Reads several addresses separated by commas; the first one's TLS and login count for all. */
export function parseRedisAddresses(text: string): readonly [RedisAddress, ...RedisAddress[]] {
  const [first = '', ...rest] = text.split(',').map((part) => part.trim());
  return [parseRedisAddress(first), ...rest.map(parseRedisAddress)];
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(text);
  }
}

const parseUrl = (text: string): URL | null => URL.parse(text);

const invalid = (text: string): DrumlineError =>
  new DrumlineError(
    'DRUM_ENDPOINT_INVALID',
    `"${text.slice(text.lastIndexOf('@') + 1)}" is not the address of a Redis`,
    {
      hint: 'write host:port, or redis://user:password@host:port/db (rediss:// for TLS)',
    },
  );
