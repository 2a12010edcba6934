import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { Redis } from 'ioredis';
import { GuardedProcess } from './guarded-process.ts';

const STARTS_WITHIN_MS = 10_000;

/** @throws DrumlineError DRUM_CHAOS_NO_REDIS */
export function checkRedisInstalled(): void {
  const { error, status } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  if (error === undefined && status === 0) return;
  throw new DrumlineError('DRUM_CHAOS_NO_REDIS', 'redis-server is not installed, or not on the PATH', {
    hint: 'Debian, Ubuntu: apt-get install redis-server. macOS: brew install redis. Fedora: dnf install redis.',
  });
}

export interface PrivateRedisOptions {
  /** For its append-only file; made if missing. */
  readonly folder: string;
  /** Whether what it has acknowledged is on its disk, and comes back when it is started again. */
  readonly keeps: boolean;
  /** Port of the server on this host that it copies. */
  readonly replicaOf?: number;
}

/** A redis-server on the loopback that this process may kill, stop and start again at the same address. */
export class PrivateRedis {
  readonly port: number;
  /** A connection that comes back by itself. */
  readonly admin: Redis;
  readonly #options: PrivateRedisOptions;
  #process: GuardedProcess;

  private constructor(port: number, options: PrivateRedisOptions, started: GuardedProcess) {
    this.port = port;
    this.#options = options;
    this.#process = started;
    this.admin = new Redis({
      host: '127.0.0.1',
      port,
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
      connectTimeout: STARTS_WITHIN_MS,
    });
    // It dies on purpose; what matters is awaited where it is asked for.
    this.admin.on('error', () => undefined);
  }

  static async start(options: PrivateRedisOptions): Promise<PrivateRedis> {
    mkdirSync(options.folder, { recursive: true });
    for (let tries = 1; ; tries += 1) {
      const port = await freePort();
      const started = await launch(port, options);
      const redis = new PrivateRedis(port, options, started);
      if (await redis.#answers()) return redis;
      await redis.end();
      // Somebody else may have been faster to take the port.
      if (tries === 3) {
        throw new DrumlineError('DRUM_CHAOS_NO_REDIS', `redis-server did not start: ${started.lastWords()}`);
      }
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process.pid;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.signal(name);
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts it again after `kill`; resolves when it answers. @param replicaOf port of the server that it copies from now on. */
  async restart(replicaOf?: number): Promise<void> {
    this.#process = await launch(this.port, { ...this.#options, ...(replicaOf !== undefined && { replicaOf }) });
    if (await this.#answers()) return;
    throw new DrumlineError(
      'DRUM_CHAOS_NO_REDIS',
      `redis-server did not start again on port ${this.port}: ${this.#process.lastWords()}`,
    );
  }

  async end(): Promise<void> {
    this.admin.disconnect();
    await this.#process.kill();
  }

  /** Whether it answers, and not another one that has this port. */
  async #answers(): Promise<boolean> {
    const deadline = performance.now() + STARTS_WITHIN_MS;
    while (performance.now() < deadline && !this.#process.isGone) {
      const info = await Promise.race([this.admin.info('server').catch(() => ''), delay(millis(500)).then(() => '')]);
      if (info.includes(`process_id:${this.pid}\r`)) return true;
      await delay(millis(20));
    }
    return false;
  }
}

function launch(port: number, { folder, keeps, replicaOf }: PrivateRedisOptions): Promise<GuardedProcess> {
  const options = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: keeps ? 'yes' : 'no',
    appendfsync: 'always',
    loglevel: 'warning',
    'repl-diskless-sync-delay': '0',
    ...(replicaOf !== undefined && { replicaof: `127.0.0.1 ${replicaOf}` }),
  };
  const args = Object.entries(options).flatMap(([name, value]) => [
    `--${name}`,
    ...(value === '' ? [''] : value.split(' ')),
  ]);
  return GuardedProcess.start({ command: ['redis-server', ...args], env: { PATH: process.env['PATH'] } });
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
