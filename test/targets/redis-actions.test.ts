import type { Item } from '@drumline/core/data';
import { Cluster, Redis } from 'ioredis';
import { expect } from 'vitest';
import { startRedis, startRedisCluster, startTlsRedis } from '../servers/index.ts';
import { type Bench, describeActions } from './conformance.ts';
import { options, type Stored } from './target.ts';

/** Redis keeps no types: bytes and other literals than text are told by the row that was written. */
function shownAs(of: Item, name: string, value: Buffer | null): string {
  if (value === null) return 'no value';
  const column = of.row.find((one) => one.name === name);
  if (column !== undefined && 'len' in column) return value.toString('hex');
  const isText = column === undefined || typeof column.value === 'string';
  return isText ? JSON.stringify(value.toString()) : value.toString();
}

async function hashOf(client: Redis | Cluster, of: Item): Promise<Stored> {
  const names = await client.hkeys(of.key);
  if (names.length === 0) return undefined;
  const values = await client.hmgetBuffer(of.key, ...names);
  return Object.fromEntries(names.map((name, i) => [name, shownAs(of, name, values[i] ?? null)]));
}

/** Looks at all keys of the item, and checks that the index names just these. */
async function keysOf(client: Redis | Cluster, of: Item): Promise<Stored> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const keys = (await Promise.all(nodes.map((node) => node.keys(`{${of.key}}:*`)))).flat();
  const names = keys.map((key) => key.slice(of.key.length + 3));
  expect((await client.zrange(`{${of.key}}`, 0, '-1')).sort()).toEqual([...names].sort());
  if (names.length === 0) return undefined;
  const values = await client.mgetBuffer(...keys);
  return Object.fromEntries(names.map((name, i) => [name, shownAs(of, name, values[i] ?? null)]));
}

const lookerOf = (tableName: string): typeof hashOf => (tableName.startsWith('multirow') ? keysOf : hashOf);

const single = (tableName: string) => async (): Promise<Bench> => {
  const server = await startRedis({ password: 'p@ss word' });
  const client = new Redis(server.url);
  return {
    options: options({ db: 'redis', tableName, endpoint: server.url }),
    look: (of) => lookerOf(tableName)(client, of),
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
};

const overTls = (tableName: string) => async (): Promise<Bench> => {
  const server = await startTlsRedis();
  const tls = server.tls ?? {};
  const client = new Redis(server.url, { tls });
  return {
    options: options({ db: 'redis', tableName, endpoint: `127.0.0.1:${server.port}`, tls }),
    look: (of) => lookerOf(tableName)(client, of),
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
};

const clustered = (tableName: string) => async (): Promise<Bench> => {
  const cluster = await startRedisCluster();
  const client = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
  return {
    options: options({ db: 'redis', tableName, endpoint: cluster.url, cluster: true }),
    look: (of) => lookerOf(tableName)(client, of),
    stop: async () => {
      client.disconnect();
      await cluster.stop();
    },
  };
};

describeActions('Redis, one hash an item', single('stress'), false);
describeActions('Redis, one key a column', single('multirow-stress'), true);
describeActions('Redis over TLS', overTls('stress'), false);
describeActions('Redis Cluster, one hash an item', clustered('stress'), false);
describeActions('Redis Cluster, one key a column', clustered('multirow-stress'), true);
