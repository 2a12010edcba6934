import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './drumline.ts';
import { freePort } from './private-process.ts';
import { type RunningRedis, startRedis } from './redis-server.ts';

/** Three masters that share the slots, each with a replica if that was asked for. */
export interface RunningCluster extends AsyncDisposable {
  /** The masters first, then the replicas in the same order. */
  readonly nodes: readonly RunningRedis[];
  /** All nodes, with commas. */
  readonly url: string;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const FORMS_WITHIN = 20_000;

export interface ClusterOptions {
  /** A replica for each master, which takes its place within some seconds when it dies. Default false. */
  readonly replicas?: boolean;
}

const MASTERS = 3;

/** Starts a cluster and waits until every node says that it is whole. */
export async function startRedisCluster({ replicas = false }: ClusterOptions = {}): Promise<RunningCluster> {
  const timeout = replicas ? 1_000 : 5_000;
  const nodes = await Promise.all(Array.from({ length: replicas ? 2 * MASTERS : MASTERS }, () => startNode(timeout)));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    await Promise.all(
      nodes
        .slice(0, MASTERS)
        .map((node, i) => node.cli('CLUSTER', 'ADDSLOTSRANGE', String(share(i)), String(share(i + 1) - 1))),
    );
    const [first, ...others] = nodes;
    for (const other of others) {
      const [, busPort = ''] = await other.cli('CONFIG', 'GET', 'cluster-port');
      await first?.cli('CLUSTER', 'MEET', other.host, String(other.port), busPort);
    }
    await Promise.all(nodes.map((node) => untilWhole(node, nodes.length)));
    await Promise.all(nodes.slice(MASTERS).map((replica, i) => follow(replica, nodes[i])));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  return { nodes, url, stop, [Symbol.asyncDispose]: stop };
}

/** Makes the node a replica of the other, and waits until it has its data. */
async function follow(replica: RunningRedis, master: RunningRedis | undefined): Promise<void> {
  const [id = ''] = (await master?.cli('CLUSTER', 'MYID')) ?? [];
  await eventually(
    'the node knows its master',
    async () => (await replica.cli('CLUSTER', 'REPLICATE', id))[0] === 'OK',
  );
  await eventually('the replica has the data', async () =>
    (await replica.cli('INFO', 'replication')).some((line) => line.startsWith('master_link_status:up')),
  );
}

async function startNode(timeout: number): Promise<RunningRedis> {
  const busPort = await freePort();
  return startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(timeout), '--cluster-port', String(busPort)],
  });
}

const share = (node: number): number => Math.floor((SLOTS * node) / 3);

async function untilWhole(node: RunningRedis, size: number): Promise<void> {
  const deadline = performance.now() + FORMS_WITHIN;
  for (;;) {
    const info = (await node.cli('CLUSTER', 'INFO')).map((line) => line.trim());
    if (
      info.includes('cluster_state:ok') &&
      info.includes(`cluster_known_nodes:${size}`) &&
      info.includes(`cluster_size:${MASTERS}`)
    )
      return;
    if (performance.now() > deadline) throw new Error(`the cluster did not form: ${info.join(' ')}`);
    await sleep(20);
  }
}
