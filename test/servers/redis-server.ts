import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates, readPem } from './certificates.ts';
import { freePort, type PrivateProcess, startPrivateProcess } from './private-process.ts';

const run = promisify(execFile);

export interface StartRedisOptions {
  /** Password of the default user. */
  readonly password?: string;
  /** Lines of `ACL SETUSER`, e.g. `worker on >secret ~dst_* &dst_* +@all`. */
  readonly users?: readonly string[];
  /** Speak TLS only, and ask clients for a certificate. */
  readonly tls?: boolean;
  /** More arguments for redis-server. */
  readonly args?: readonly string[];
  /** Default: a free one. Give the port of a server that was stopped to start it again, empty. */
  readonly port?: number;
}

/** A redis-server of a test's own, on the loopback, without a file left behind. */
export interface RunningRedis extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly pid: number;
  /** `redis://…` or `rediss://…`, with the default user's password if it has one. */
  readonly url: string;
  /** PEM texts for a client of a TLS server. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  /** Runs one command as the default user through redis-cli; answers its lines. */
  cli(...command: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

const STARTS_WITHIN = 10_000;

/** Starts a redis-server and waits until it answers. Throws with what to install when there is none. */
export async function startRedis(options: StartRedisOptions = {}): Promise<RunningRedis> {
  await assertInstalled();
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOn(options.port ?? (await freePort()), options);
    } catch (error) {
      // Somebody was faster to take the port.
      if (tries === 3 || options.port !== undefined || !String(error).includes('in use')) throw error;
    }
  }
}

/** A server that speaks TLS only. */
export function startTlsRedis(options: Omit<StartRedisOptions, 'tls'> = {}): Promise<RunningRedis> {
  return startRedis({ ...options, tls: true });
}

async function startOn(port: number, options: StartRedisOptions): Promise<RunningRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'drumline-redis-'));
  const certificates = options.tls === true ? await makeCertificates(folder) : undefined;
  const tlsArgs =
    certificates === undefined
      ? ['--port', String(port)]
      : ['--port', '0', '--tls-port', String(port), '--tls-ca-cert-file', certificates.ca]
          .concat('--tls-cert-file', certificates.server.cert, '--tls-key-file', certificates.server.key)
          .concat('--tls-cluster', 'yes', '--tls-replication', 'yes');
  const args = [
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
    '--loglevel',
    'warning',
    ...tlsArgs,
  ];
  if (options.password !== undefined) args.push('--requirepass', options.password);
  for (const user of options.users ?? []) args.push('--user', ...user.split(' '));
  const process = await startPrivateProcess('redis-server', [...args, ...(options.args ?? [])], folder);

  const cliArgs = ['-h', '127.0.0.1', '-p', String(port)];
  if (options.password !== undefined) cliArgs.push('-a', options.password);
  if (certificates !== undefined) {
    cliArgs.push(
      '--tls',
      '--cacert',
      certificates.ca,
      '--cert',
      certificates.client.cert,
      '--key',
      certificates.client.key,
    );
  }
  const cli = (...command: readonly string[]): Promise<string[]> => redisCli(cliArgs, command);
  await untilReady(process, cli);
  const password = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return {
    host: '127.0.0.1',
    port,
    pid: process.pid,
    url: `${certificates === undefined ? 'redis' : 'rediss'}://${password}127.0.0.1:${port}`,
    tls: certificates && (await readPem({ ca: certificates.ca, ...certificates.client })),
    cli,
    stop: () => process.stop(),
    [Symbol.asyncDispose]: () => process.stop(),
  };
}

/** Runs one command through redis-cli; answers its lines. */
export async function redisCli(reach: readonly string[], command: readonly string[]): Promise<string[]> {
  const { stdout } = await run('redis-cli', ['--no-auth-warning', ...reach, ...command]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function untilReady(process: PrivateProcess, cli: RunningRedis['cli']): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN;
  const died = process.ended.then((printed) => {
    throw new Error(`redis-server ended at once: ${printed}`);
  });
  for (;;) {
    const [answer] = await Promise.race([died, cli('PING').catch(() => [])]);
    if (answer === 'PONG') {
      died.catch(() => undefined);
      return;
    }
    if (performance.now() > deadline) {
      await process.stop();
      throw new Error(`redis-server did not answer within ${STARTS_WITHIN} ms`);
    }
  }
}

async function assertInstalled(): Promise<void> {
  try {
    await run('redis-server', ['--version']);
    await run('redis-cli', ['--version']);
  } catch (error) {
    throw new Error(
      'redis-server is not installed: apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS)',
      {
        cause: error,
      },
    );
  }
}
