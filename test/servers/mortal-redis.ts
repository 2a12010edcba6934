import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './private-process.ts';
import { type RunningRedis, type StartRedisOptions, startRedis } from './redis-server.ts';

/** A redis-server that dies and comes back, on the same port and with the same folder. */
export interface MortalRedis extends RunningRedis {
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SHUTDOWN NOSAVE: what the append-only file has is there afterwards, and nothing else. */
  shutDown(): Promise<void>;
  /** Starts it again with what it finds in its folder. */
  revive(): Promise<void>;
  /** Stops the process for a while: it takes connections and says nothing. */
  hang(): void;
  goOn(): void;
}

/** Arguments of a server that writes each command to a file before it answers; `everysec` lets the kernel decide when to sync it. */
export const appendOnly = (sync: 'always' | 'everysec'): string[] => ['--appendonly', 'yes', '--appendfsync', sync];

export async function startMortalRedis(options: StartRedisOptions = {}): Promise<MortalRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'drumline-mortal-'));
  const port = options.port ?? (await freePort());
  const start = (): Promise<RunningRedis> =>
    startRedis({ ...options, port, args: [...(options.args ?? []), '--dir', folder] });
  let server = await start();
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    host: server.host,
    port,
    url: server.url,
    tls: server.tls,
    get pid() {
      return server.pid;
    },
    cli: (...command) => server.cli(...command),
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
    },
    shutDown: async () => {
      await server.cli('SHUTDOWN', 'NOSAVE').catch(() => []);
      await server.stop();
    },
    revive: async () => {
      server = await start();
    },
    hang: () => void process.kill(server.pid, 'SIGSTOP'),
    goOn: () => void process.kill(server.pid, 'SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
