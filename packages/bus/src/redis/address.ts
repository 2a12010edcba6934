import { DrumlineError } from '@drumline/core/errors';

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, and what the address says about getting in. */
export interface Address {
  readonly nodes: readonly [Node, ...Node[]];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const DEFAULT_PORT = 6379;
const HINT =
  'Write host:port, redis://host:port/db, rediss://user:password@host:port, or host:port,host:port for a cluster.';

/**
 * Reads `host`, `host:port`, `redis://…`, `rediss://user:password@host:port/db`, and several nodes separated by commas.
 * IPv6 addresses stand in brackets; a node without a port has `defaultPort`. User and password are percent-decoded; messages never show them.
 *
 * @throws `DRUM_BUS_ADDRESS`
 */
export function parseRedisAddress(text: string, defaultPort = DEFAULT_PORT): Address {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'redis' && scheme !== 'rediss') throw bad(`unknown scheme ${scheme}://`);
  const rest = (scheme === undefined ? text : text.slice(scheme.length + 3))
    .replaceAll(/,\s*rediss?:\/\//gi, ',')
    .trim();
  const at = rest.lastIndexOf('@');
  const [hosts = '', path, ...more] = rest.slice(at + 1).split('/');
  if (more.length > 0) throw bad('more than one path segment after the host');
  const [first, ...others] = hosts.split(',').map((node) => parseNode(node.trim(), defaultPort));
  if (first === undefined) throw bad('no host');
  return {
    nodes: [first, ...others],
    tls: scheme === 'rediss',
    ...parseUser(at < 0 ? '' : rest.slice(0, at)),
    db: parseDb(path),
  };
}

/** A node as text, IPv6 in brackets. */
export const nodeText = ({ host, port }: Node): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function parseNode(text: string, defaultPort: number): Node {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]?#]+))(?::(\d+))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw bad(text === '' ? 'no host' : `${JSON.stringify(text)} is not host:port`);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (port < 1 || port > 65_535) throw bad(`port ${port} is not between 1 and 65535`);
  return { host, port };
}

function parseUser(text: string): { username: string | undefined; password: string | undefined } {
  if (text === '') return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? undefined : decode(text.slice(colon + 1));
  if (password === undefined)
    throw bad('a user without a password', 'Write redis://user:password@host, or redis://:password@host.');
  return { username: username === '' ? undefined : username, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('user or password is not valid percent-encoding', 'Write % as %25.');
  }
}

function parseDb(path: string | undefined): number {
  if (path === undefined || path === '') return 0;
  if (!/^\d{1,5}$/.test(path)) throw bad(`database ${JSON.stringify(path)} is not a number from 0`);
  return Number(path);
}

const bad = (problem: string, hint = HINT): DrumlineError =>
  new DrumlineError('DRUM_BUS_ADDRESS', `Redis address: ${problem}`, { hint });
