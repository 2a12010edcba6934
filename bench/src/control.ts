import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectRedis } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { MetronomeClock } from '@drumline/core/clock';
import { readyWorkers } from '@drumline/core/fleet';
import { encodeCommand, newCommand } from '@drumline/core/notify';
import { type Millis, millis } from '@drumline/core/units';
import { startRedis } from '@drumline/test/servers';
import { type Benchmark, percentile } from './benchmark.ts';
import { Child } from './child.ts';
import { preparePublisher } from './play.ts';
import { configText, UPDATE } from './prefilled.ts';
import type { ArrivalLog } from './processes/arrival-log.ts';
import { figure, printTable } from './table.ts';

const DRUMLINE = fileURLToPath(new URL('../../packages/cli/bin/drumline.mjs', import.meta.url));
const QUEUES = 10;
const QPS = 500;
/** How long the fleet is watched after a command. */
const WATCH: Millis = millis(1_000);

type Effect = 'pause' | 'resume' | 'rate' | 'stop';

/** Publisher, Redis, workers as `drumline worker` starts them, and a target that logs arrivals. */
export const control: Benchmark = {
  name: 'control',
  about: 'from sending a command to its effect on the last worker, as the target sees it',
  options: { rounds: 20, workers: 10 },
  async run(option) {
    const [rounds, workers] = [option('rounds'), option('workers')];
    const seen = await measure(rounds, workers);
    const ms = (us: number): string => figure(us / 1_000, 1);
    printTable(
      `Command sent until it has taken effect, ms; ${workers} workers, ${QPS} ops/s`,
      ['command', 'rounds', 'p50', 'p99', 'max'],
      [...seen].map(([effect, times]) => {
        const sorted = Float64Array.from(times).sort();
        return [effect, times.length, ...[50, 99, 100].map((percent) => ms(percentile(sorted, percent)))];
      }),
      [
        'pause, stop: the last op that reaches the target. resume: the first one. rate (doubled): the instant from which on so many',
        'ops arrived as the new rate makes; it includes the 50 ms that the publisher is ahead. Aim: p99 ≤ 250 ms with 10 workers.',
      ],
    );
  },
};

async function measure(rounds: number, workers: number): Promise<Map<Effect, number[]>> {
  await using redis = await startRedis();
  const options = { url: redis.url, prefix: 'bench' };
  await using clock = new MetronomeClock();
  const bus = await connectRedis(options);
  const config = configText(QUEUES, 1_000);
  await bus.writeConfig(config);
  const target = await Child.start<'log', ArrivalLog>('arrival-log', options);
  const fleet = Array.from({ length: workers }, () => startWorker(redis.url, String(target.hello)));
  const seen = new Map<Effect, number[]>();
  const note = (effect: Effect, us: number): void => void seen.set(effect, [...(seen.get(effect) ?? []), us]);
  try {
    while ((await readyWorkers(bus)).length < workers) await clock.sleep(millis(100));
    for (let round = 0; round < rounds; round += 1) {
      const text = JSON.stringify({ ...UPDATE, qps: QPS, duration: 600 });
      const publisher = await preparePublisher(bus, clock, config, text, workers);
      const running = publisher.run();
      await clock.sleep(WATCH);
      const act = async (cmd: Effect, args: Record<string, string> = {}): Promise<number> => {
        const sent = await tell(bus, cmd, args);
        await clock.sleep(WATCH);
        return sent;
      };
      const stamps = {
        pause: await act('pause'),
        resume: await act('resume'),
        rate: await act('rate', { rate: '2x' }),
      };
      const end = clock.now();
      const stop = await act('stop');
      await running;
      const { times } = await target.ask('log');
      note('pause', lastBefore(times, stamps.resume) - stamps.pause);
      note('resume', firstAfter(times, stamps.resume) - stamps.resume);
      note('rate', changeOf(times, stamps.rate, end));
      note('stop', lastBefore(times, Number.POSITIVE_INFINITY) - stop);
    }
    return seen;
  } finally {
    await Promise.all(fleet.map(endWorker));
    await target.stop();
    await bus.close();
  }
}

/** @returns when it was sent. */
async function tell(bus: Bus, cmd: Effect, args: Readonly<Record<string, string>>): Promise<number> {
  const command = await newCommand(bus, { cmd, args, by: 'bench' }, undefined);
  await bus.notify(encodeCommand(command));
  return command.at;
}

const lastBefore = (times: readonly number[], end: number): number =>
  times.reduce((last, time) => (time < end && time > last ? time : last), 0);
const firstAfter = (times: readonly number[], start: number): number =>
  times.reduce((first, time) => (time > start && time < first ? time : first), Number.POSITIVE_INFINITY);

/** µs after `from` at which the rate doubled: what arrived until `to` is `QPS` before it, and twice that after it. */
function changeOf(times: readonly number[], from: number, to: number): number {
  const arrived = times.filter((time) => time > from && time <= to).length;
  return to - from - (arrived / QPS) * 1e6 + (to - from);
}

function startWorker(url: string, targetPort: string): ChildProcess {
  const fleet = ['--redis', url, '--prefix', 'bench', '--engines', '1', '--log-level', 'warn'];
  const args = [DRUMLINE, 'worker', ...fleet, '--db', 'redis', '--endpoint', `127.0.0.1:${targetPort}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function endWorker(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
