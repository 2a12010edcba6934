import { afterAll, beforeAll, describe } from 'vitest';
import {
  type RunningCluster,
  type RunningRedis,
  startRedis,
  startRedisCluster,
  startTlsRedis,
} from '../servers/index.ts';
import { testBus } from './conformance/test-bus.ts';
import { redisPlaces } from './harness.ts';
import { testModel } from './model.ts';

describe('Redis', () => {
  let server: RunningRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  testBus('a single server', () => redisPlaces([server], { url: server.url }));
  testModel('a single server', () => redisPlaces([server], { url: server.url }), 25);
});

describe('Redis with users', () => {
  let server: RunningRedis;
  beforeAll(async () => {
    const rights = '~t* ~{t* &t* +@read +@write +@set +@scripting +@pubsub +@connection +@fast +@blocking -@dangerous';
    server = await startRedis({ password: 'the default one', users: [`drum on >s3cr@t/, ${rights}`] });
  });
  afterAll(() => server.stop());

  testBus('a server with users of restricted rights', () =>
    redisPlaces([server], { url: `127.0.0.1:${server.port}`, username: 'drum', password: 's3cr@t/,' }),
  );
});

describe('Redis over TLS', () => {
  let server: RunningRedis;
  beforeAll(async () => {
    server = await startTlsRedis({ password: 'p' });
  });
  afterAll(() => server.stop());

  testBus('a TLS server', () =>
    redisPlaces([server], { url: `${server.url}/3`, ...(server.tls && { tls: server.tls }) }),
  );
});

describe('Redis Cluster', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  testBus('a cluster of three nodes', () => redisPlaces(cluster.nodes, { url: cluster.url, cluster: true }));
});
