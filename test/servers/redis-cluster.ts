import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './private-process.ts';
import { type RunningRedis, startRedis } from './redis-server.ts';

/** Three masters without replicas that share the slots. */
export interface RunningCluster extends AsyncDisposable {
  readonly nodes: readonly RunningRedis[];
  /** All nodes, with commas. */
  readonly url: string;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const FORMS_WITHIN = 20_000;

/** Starts a cluster and waits until every node says that it is whole. */
export async function startRedisCluster(): Promise<RunningCluster> {
  const nodes = await Promise.all([0, 1, 2].map(startNode));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    await Promise.all(
      nodes.map((node, i) => node.cli('CLUSTER', 'ADDSLOTSRANGE', String(share(i)), String(share(i + 1) - 1))),
    );
    const [first, ...others] = nodes;
    for (const other of others) {
      const [, busPort = ''] = await other.cli('CONFIG', 'GET', 'cluster-port');
      await first?.cli('CLUSTER', 'MEET', other.host, String(other.port), busPort);
    }
    await Promise.all(nodes.map((node) => untilWhole(node, nodes.length)));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  return { nodes, url, stop, [Symbol.asyncDispose]: stop };
}

async function startNode(): Promise<RunningRedis> {
  const busPort = await freePort();
  return startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--cluster-port', String(busPort)],
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
      info.includes(`cluster_size:${size}`)
    )
      return;
    if (performance.now() > deadline) throw new Error(`the cluster did not form: ${info.join(' ')}`);
    await sleep(20);
  }
}
