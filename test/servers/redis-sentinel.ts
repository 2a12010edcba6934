import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './drumline.ts';
import { freePort, type PrivateProcess, startPrivateProcess } from './private-process.ts';
import { type RunningRedis, redisCli, startRedis } from './redis-server.ts';

/** A master, a replica, and three Sentinels that watch them. */
export interface RunningSentinels extends AsyncDisposable {
  /** What the Sentinels call the master. */
  readonly name: 'drum';
  /** Addresses of the Sentinels, with commas. */
  readonly sentinels: string;
  /** Both servers; which of them is the master changes. */
  readonly servers: readonly [RunningRedis, RunningRedis];
  /** The server that the Sentinels call the master now. */
  master(): Promise<RunningRedis>;
  /** Lets the Sentinels swap the two once both have the same, and waits until the old master knows of it. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

export interface SentinelOptions {
  /** Password of the Sentinels. */
  readonly password?: string;
  /** Arguments of both servers. */
  readonly args?: readonly string[];
}

const NAME = 'drum';
/** ms of silence after which a Sentinel takes a server for dead. */
const DOWN_AFTER = 700;
const READY_WITHIN = 30_000;

/** Starts all five and waits until the Sentinels know of each other and of the replica. */
export async function startSentinels(options: SentinelOptions = {}): Promise<RunningSentinels> {
  const args = ['--repl-diskless-sync-delay', '0', ...(options.args ?? [])];
  const first = await startRedis({ args });
  const second = await startRedis({ args: [...args, '--replicaof', first.host, String(first.port)] });
  const servers = [first, second] as const;
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const sentinels: PrivateProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...servers].map((process) => process.stop()));
  };
  const ask = (port: number, ...command: readonly string[]): Promise<string[]> =>
    redisCli(['-p', String(port), ...(options.password === undefined ? [] : ['-a', options.password])], command);
  const master = async (): Promise<RunningRedis> => {
    const [, port] = await ask(ports[0], 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
    return port === String(first.port) ? first : second;
  };
  try {
    // A server that has just begun to listen may still reset a connection.
    await eventually('the replica has the data', async () =>
      (await second.cli('INFO', 'replication').catch(() => [])).some((line) =>
        line.startsWith('master_link_status:up'),
      ),
    );
    for (const port of ports) sentinels.push(await startSentinel(port, first, options.password));
    await Promise.all(
      ports.map((port) =>
        eventually(
          'a Sentinel knows the others',
          async () => knowsAll(await ask(port, 'SENTINEL', 'MASTER', NAME).catch(() => [])),
          READY_WITHIN,
        ),
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: NAME,
    sentinels: ports.map((port) => `127.0.0.1:${port}`).join(','),
    servers,
    master,
    failOver: async () => {
      const before = await master();
      await eventually('the replica has everything', () => isReplicated(before));
      await eventually('a fail-over begins', async () => {
        const [answer] = await ask(ports[0], 'SENTINEL', 'FAILOVER', NAME).catch(() => []);
        return answer === 'OK';
      });
      await eventually('the replica is the master', async () => (await master()).port !== before.port, READY_WITHIN);
      // Until then it would take writes that are lost when it follows the new one.
      await eventually(
        'the master was demoted',
        async () => (await replication(before)).includes('role:slave'),
        READY_WITHIN,
      );
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function replication(server: RunningRedis): Promise<string[]> {
  return (await server.cli('INFO', 'replication')).map((line) => line.trim());
}

/** Whether the master's one replica has all that the master has. */
export async function isReplicated(master: RunningRedis): Promise<boolean> {
  const lines = await replication(master);
  const find = (pattern: RegExp): string | undefined => lines.map((line) => pattern.exec(line)?.[1]).find(Boolean);
  const offset = find(/^master_repl_offset:(\d+)/);
  return offset !== undefined && offset === find(/^slave0:.*offset=(\d+)/);
}

async function startSentinel(
  port: number,
  master: RunningRedis,
  password: string | undefined,
): Promise<PrivateProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'drumline-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${NAME} 3000`,
    ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`]),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return startPrivateProcess('redis-server', [file, '--sentinel'], folder);
}

/** The answer to SENTINEL MASTER: names and values by turns. */
function knowsAll(lines: readonly string[]): boolean {
  const value = (name: string): string | undefined => lines[lines.indexOf(name) + 1];
  return value('num-other-sentinels') === '2' && value('num-slaves') === '1' && value('flags') === 'master';
}
