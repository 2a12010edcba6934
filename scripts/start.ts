/**
 * `npm start`: the main job on a fresh machine, in some 20 seconds. A publisher and two workers play the original's own
 * config and traffic file, scaled down to what a laptop can take, against an embedded DynamoDB and then against Redis;
 * in the middle of each the rate is changed by command. Everything is on the loopback, and everything ends with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connectRedis } from '@drumline/bus';
import { delay } from '@drumline/core/clock';
import { askFleet, newCommand } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import { endWithThis, startDynalite, startRedis } from '../test/servers/index.ts';
import { playInMemory } from './start-in-memory.ts';

/** One showing of the traffic file. Two billion writes take 7 minutes at any scale: the command makes them go faster. */
interface Act {
  readonly title: string;
  readonly db: 'dynamodb' | 'redis';
  readonly endpoint: string;
  readonly scale: string;
  readonly speed: string;
  /** What the rate is multiplied with. */
  readonly rate: string;
}

const BIN = new URL('../packages/cli/bin/drumline.mjs', import.meta.url).pathname;
const FILES = ['--config', 'config/config.json', '--traffic', 'traffic/traffic.json'];
const NOTIFY_AFTER = millis(1_500);

/** Nothing is left behind, however this ends. A terminal's Ctrl-C reaches the others too: they drain. */
const children = new Set<ChildProcess>();
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => process.exit(143));
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const redis = await startRedis().catch((error: unknown) => {
  console.log(`${error instanceof Error ? error.message : String(error)}\n`);
  return undefined;
});
const dynamodb = await startDynalite();
const acts: Act[] = [
  {
    title: 'DynamoDB (embedded)',
    db: 'dynamodb',
    endpoint: dynamodb.endpoint,
    scale: '0.0000005',
    speed: '28800',
    rate: '160x',
  },
];
if (redis === undefined) {
  console.log('No redis-server here: publisher and worker meet in the memory of one process instead.');
} else {
  console.log(`Publisher and workers meet on a private redis-server at ${redis.url}.`);
  acts.push({
    title: 'Redis',
    db: 'redis',
    endpoint: `127.0.0.1:${redis.port}`,
    scale: '0.000005',
    speed: '28800',
    rate: '160x',
  });
}
try {
  for (const [i, act] of acts.entries()) {
    console.log(`\n── ${i + 1} of ${acts.length}: the original's config.json and traffic.json against ${act.title} ──`);
    process.exitCode =
      redis === undefined ? await playInMemory(act, FILES, NOTIFY_AFTER) : await perform(act, redis.url, `demo${i}`);
    if (process.exitCode !== 0) break;
  }
} finally {
  await redis?.stop();
  await dynamodb.stop();
}
if (process.exitCode === 0)
  console.log('\nNext: drumline --help, docs/guides/getting-started.md, and your own traffic file.');

/** Publisher, two workers and a command, each a process of its own. @returns the publisher's exit code. */
async function perform(act: Act, bus: string, prefix: string): Promise<number> {
  const meet = ['--redis', bus, '--prefix', prefix];
  const target = ['--db', act.db, '--endpoint', act.endpoint, '--create-table', '--log-level', 'warn'];
  const workers = ['worker-1', 'worker-2'].map((id) =>
    start(['worker', ...meet, ...target, '--engines', '1', '--id', id], 'ignore'),
  );
  const play = [
    'publisher',
    ...meet,
    ...FILES,
    '--scale',
    act.scale,
    '--speed',
    act.speed,
    '--workers',
    '2',
    '--log-level',
    'warn',
  ];
  console.log(`$ drumline ${play.join(' ')}\n`);
  const publisher = start(play, 'inherit');
  const told = tellRate(bus, prefix, publisher, () => start(['notify', ...meet, 'rate', act.rate], 'pipe').ended);
  const { code } = await publisher.ended;
  console.log(
    `$ drumline notify rate ${act.rate}        (sent while it ran)\n${(await told)?.output ?? 'it ended before'}`,
  );
  for (const worker of workers) worker.terminate();
  await Promise.all(workers.map((worker) => worker.ended));
  return code;
}

/** Sends the command some seconds after the first beat. */
async function tellRate<T>(
  url: string,
  prefix: string,
  publisher: Started,
  send: () => Promise<T>,
): Promise<T | undefined> {
  const bus = await connectRedis({ url, prefix });
  let over = false;
  void publisher.ended.then(() => {
    over = true;
  });
  try {
    while (!over) {
      const ping = await newCommand(bus, { cmd: 'ping', target: 'publisher' }, undefined);
      const [answer] = await askFleet(bus, ping, { within: millis(500), publisher: true });
      if (answer?.reply === undefined) continue;
      await delay(NOTIFY_AFTER);
      return await send();
    }
    return undefined;
  } finally {
    await bus.close();
  }
}

interface Started {
  readonly ended: Promise<{ readonly code: number; readonly output: string }>;
  terminate(): void;
}

function start(args: readonly string[], output: 'ignore' | 'inherit' | 'pipe'): Started {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['inherit', output, 'inherit'] });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  children.add(child);
  const ended = endWithThis(child.pid ?? 0);
  child.once('close', () => {
    ended();
    children.delete(child);
  });
  return {
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? 1, output: text }))),
    terminate: () => void child.kill('SIGTERM'),
  };
}
