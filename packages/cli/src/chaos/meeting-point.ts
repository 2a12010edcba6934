import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisOptions } from '@drumline/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { Redis } from 'ioredis';
import { GuardedProcess } from './guarded-process.ts';
import { freePort, PrivateRedis } from './private-redis.ts';

const NAME = 'chaos';
/** ms of silence after which the Sentinel takes a server for dead. */
const DOWN_AFTER = 700;
const AGREES_WITHIN_MS = 60_000;

export interface MeetingPointOptions {
  /** Of a folder of its own. */
  readonly folder: string;
  /** Whether Redis keeps what it has confirmed when it is killed. */
  readonly keeps: boolean;
  /** Whether a Sentinel watches a master and a replica, or there is one server alone. */
  readonly watched: boolean;
}

/** Where a fleet meets: one Redis, or a master and its replica with a Sentinel that swaps them when the master dies. */
export class MeetingPoint {
  readonly #servers: readonly PrivateRedis[];
  readonly #sentinel: Sentinel | undefined;

  private constructor(servers: readonly PrivateRedis[], sentinel: Sentinel | undefined) {
    this.#servers = servers;
    this.#sentinel = sentinel;
  }

  static async start({ folder, keeps, watched }: MeetingPointOptions): Promise<MeetingPoint> {
    const first = await PrivateRedis.start({ folder: join(folder, 'redis-1'), keeps });
    if (!watched) return new MeetingPoint([first], undefined);
    const second = await PrivateRedis.start({ folder: join(folder, 'redis-2'), keeps, replicaOf: first.port });
    const sentinel = await Sentinel.start(join(folder, 'sentinel'), first.port);
    const point = new MeetingPoint([first, second], sentinel);
    await point.#untilWhole(second);
    return point;
  }

  get ports(): number[] {
    return this.#servers.map(({ port }) => port);
  }

  /** How a process of the fleet finds it. */
  get flags(): string[] {
    if (this.#sentinel !== undefined) return ['--sentinel', this.#sentinel.address, '--sentinel-name', NAME];
    return ['--redis', this.#servers[0]?.address ?? ''];
  }

  get options(): Omit<RedisOptions, 'prefix'> {
    const url = this.#servers[0]?.address ?? '';
    return this.#sentinel === undefined ? { url } : { url, sentinel: { nodes: this.#sentinel.address, name: NAME } };
  }

  /** The server that takes commands now. */
  async master(): Promise<PrivateRedis> {
    const port = await this.#sentinel?.masterPort();
    return this.#servers.find((server) => server.port === port) ?? this.#servers[0]!;
  }

  /**
   * Waits until the Sentinel has put another server in the place of the dead master, and starts that one again as its
   * replica. @returns the new master.
   */
  async replace(dead: PrivateRedis): Promise<PrivateRedis> {
    await until('the Sentinel makes the replica the master', async () => (await this.master()) !== dead);
    return this.master();
  }

  /** Starts a dead server again as the replica of the master; resolves when it has the data. */
  async rejoin(dead: PrivateRedis): Promise<void> {
    await dead.restart((await this.master()).port);
    await this.#untilWhole(dead);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#servers, ...(this.#sentinel ? [this.#sentinel] : [])].map((server) => server.end()));
  }

  async #untilWhole(replica: PrivateRedis): Promise<void> {
    await until('the replica has the data', async () =>
      (await replica.admin.info('replication')).includes('master_link_status:up'),
    );
    await until('the Sentinel knows the replica', async () => (await this.#sentinel?.knowsReplica()) === true);
  }
}

/** One is enough to agree with itself; a fleet that matters has three. */
class Sentinel {
  readonly address: string;
  readonly #process: GuardedProcess;
  readonly #admin: Redis;

  private constructor(port: number, started: GuardedProcess) {
    this.address = `127.0.0.1:${port}`;
    this.#process = started;
    this.#admin = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null, retryStrategy: () => 20 });
    this.#admin.on('error', () => undefined);
  }

  static async start(folder: string, master: number): Promise<Sentinel> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const file = join(folder, 'sentinel.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 1`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER}`,
      `sentinel failover-timeout ${NAME} 3000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const env = { PATH: process.env['PATH'] };
    return new Sentinel(port, await GuardedProcess.start({ command: ['redis-server', file, '--sentinel'], env }));
  }

  async masterPort(): Promise<number> {
    const address = (await this.#admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as readonly string[] | null;
    return Number(address?.[1]);
  }

  /** Whether there is a replica that could take the master's place. */
  async knowsReplica(): Promise<boolean> {
    const replicas = (await this.#admin.call('SENTINEL', 'REPLICAS', NAME)) as readonly (readonly string[])[];
    return replicas.some((fields) => fields[fields.indexOf('flags') + 1] === 'slave');
  }

  async end(): Promise<void> {
    this.#admin.disconnect();
    await this.#process.kill();
  }
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + AGREES_WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new DrumlineError('DRUM_CHAOS_NO_REDIS', `waited ${AGREES_WITHIN_MS / 1_000} s in vain: ${what}`);
    }
    await delay(millis(20));
  }
}
