import { DrumlineError } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';

/**
 * What a failed command means for its caller:
 * `again` the connection was lost before the answer: send it again;
 * `busy` the server cannot do it now (loading, failing over, moving a slot): send it again too;
 * `full` it has no memory for it: for the caller to judge;
 * `refused` it never will.
 */
export type Failure = 'again' | 'busy' | 'full' | 'refused';

const PATTERNS: readonly (readonly [Failure, RegExp])[] = [
  ['full', /^OOM\b/],
  ['refused', /^(WRONGPASS|NOAUTH|NOPERM)\b|invalid password|without any password configured|AUTH failed/i],
  [
    'busy',
    /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|UNKILLABLE|UNBLOCKED|NOREPLICAS|MISCONF)\b/,
  ],
  ['busy', /^(Too many Cluster redirections|All keys in the pipeline|ERR max number of clients)/],
  [
    'again',
    /^(Connection is closed|Command aborted|Cluster is ended|None of startup nodes|Failed to refresh slots cache)/,
  ],
  ['again', /^(no Sentinel knows|failed to connect to sentinel|All sentinels are unreachable)/],
  ['again', /^Socket (closed|timeout)|Stream isn't writeable|Node is disconnected|Cluster isn't ready/],
];

/** What Redis before 7.0 puts in front of the answer to a command of a script: the code stands behind it. */
const IN_SCRIPT = /^ERR Error running script.*@user_script: ?\d+: -?(?=[A-Z]{3})/s;

const SYSTEM = /^(E[A-Z]+|ERR_(SOCKET|STREAM)\w*)$/;

export function failureOf(error: unknown): Failure {
  const message = messageOf(error).replace(IN_SCRIPT, '');
  const known = PATTERNS.find(([, pattern]) => pattern.test(message));
  if (known !== undefined) return known[0];
  if (isObject(error) && typeof error['code'] === 'string' && SYSTEM.test(error['code'])) return 'again';
  // ioredis reads the node of a slot that nobody serves at present.
  return error instanceof TypeError ? 'busy' : 'refused';
}

/**
 * Why the first connection failed, without a doubt that trying again is useless: wrong password, wrong kind of server,
 * or a TLS handshake that cannot succeed.
 */
export function isHopeless(error: unknown): boolean {
  const message = messageOf(error);
  return (
    /^(WRONGPASS|NOAUTH|NOPERM)\b|invalid password|without any password configured|cluster support disabled/i.test(
      message,
    ) || TLS_TROUBLE.test(`${isObject(error) ? String(error['code']) : ''} ${message}`)
  );
}

const TLS_TROUBLE =
  /no TLS answer|SELF_SIGNED|UNABLE_TO_|CERT_|ALTNAME|ERR_SSL|ERR_OSSL|wrong version number|tlsv1|sslv3|certificate/i;

/** Whether the answer says that the server is not the master, or has lost its own: the name may lead to another by now. */
export const isNotMaster = (error: Error): boolean =>
  /^(READONLY|MASTERDOWN|UNBLOCKED)\b/.test(error.message.replace(IN_SCRIPT, ''));

/** The coded error for a call that stayed without an answer for `within`; `lastError` is why its last try failed. */
export function outageError(lastError: unknown, where: string, verb: string, within: Millis): DrumlineError {
  const time = `${within / 1_000} s`;
  const why = lastError === undefined ? '' : `: ${messageOf(lastError)}`;
  return new DrumlineError('DRUM_BUS_UNREACHABLE', `Redis at ${where} did not serve for ${time} (${verb})${why}`, {
    hint: 'Look at the server and its log. --outage says how long to wait for it.',
  });
}

/** The coded error for a failure that is final. `where` names the server; `verb` what was asked of it. */
export function finalError(error: unknown, where: string, verb: string): DrumlineError {
  const failure = failureOf(error);
  // All that a cluster's client says when it could not reach the last of the nodes.
  const message = messageOf(error).replace(
    /^(Connection is closed|None of startup nodes is available)\.?$/,
    'no node answers',
  );
  if (failure === 'full') {
    return new DrumlineError('DRUM_BUS_FULL', `Redis at ${where} is out of memory (${verb}): ${message}`, {
      hint: 'Raise maxmemory, lower the rate, or add workers so that the queues stay short.',
    });
  }
  if (failure === 'refused' && !TLS_TROUBLE.test(`${isObject(error) ? String(error['code']) : ''} ${message}`)) {
    return new DrumlineError('DRUM_BUS_REFUSED', `Redis at ${where} refused (${verb}): ${message}`, {
      hint: refusalHint(message),
    });
  }
  return new DrumlineError('DRUM_BUS_UNREACHABLE', `Redis at ${where} could not be reached (${verb}): ${message}`, {
    hint: TLS_TROUBLE.test(message)
      ? 'Check that the port speaks TLS (rediss://) or does not (redis://), and the certificate: CA, server name, dates.'
      : 'Check address and firewall, that the server runs (redis-cli -h <host> -p <port> ping), and whether it wants TLS (rediss://).',
  });
}

function refusalHint(message: string): string {
  if (message.startsWith('NOAUTH')) return 'Give the password: rediss://user:password@host:port.';
  if (/^WRONGPASS|invalid password/i.test(message)) return 'Check user and password.';
  if (message.startsWith('NOPERM'))
    return 'The user needs all keys and channels of the prefix and the commands of lists, hashes, strings, sets, scripts.';
  if (message.startsWith('WRONGTYPE')) return 'A key of the prefix belongs to something else: choose another --prefix.';
  if (/cluster support disabled/.test(message)) return 'The server is not a cluster: leave out --cluster.';
  return 'The message is the server’s own.';
}

/** The message of an error, or of the innermost one that ioredis or Node wrapped. */
export function messageOf(error: unknown): string {
  if (!isObject(error)) return String(error);
  if (isObject(error['lastNodeError'])) return messageOf(error['lastNodeError']);
  if (Array.isArray(error['errors']) && error['errors'].length > 0) return messageOf(error['errors'][0]);
  const text = [error['message'], error['code']].find((part) => typeof part === 'string' && part !== '');
  return typeof text === 'string' ? text : 'unknown error';
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
