import { connectRedis } from '@drumline/bus';
import type { Bus, QueueStatus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { readConfig } from '@drumline/core/config';
import { EXIT, type Exit } from '@drumline/core/errors';
import { decodeWorkerInfo } from '@drumline/core/fleet';
import { decodeRun, type RunRecord } from '@drumline/core/run';
import { type Millis, micros, millis } from '@drumline/core/units';
import {
  bytesText,
  COLORED,
  countText,
  durationText,
  FanIn,
  PLAIN,
  printable,
  rateText,
  table,
  type WorkerFigures,
} from '@drumline/report';
import { type Command, Option } from 'commander';
import { readAudit, renderAudit } from '../audit.ts';
import type { Context } from '../context.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { durationMillis } from '../options/values.ts';

interface StatusFlags extends BusFlags {
  readonly listen: Millis;
  readonly audit?: boolean;
  readonly run?: string;
  readonly json?: boolean;
}

/** What there is to know of a fleet at one moment. */
interface FleetStatus {
  readonly prefix: string;
  /** What the publisher's lock says; `null` = no publisher is at work. */
  readonly publisher: Readonly<Record<string, unknown>> | null;
  readonly run: (Pick<RunRecord, 'run' | 'state' | 'scale' | 'speed'> & { readonly factor: string }) | null;
  /** Ops per second that all workers sent over the last second that all have reported. */
  readonly rate: number;
  readonly backlog: number;
  readonly queues: readonly QueueStatus[];
  readonly workers: readonly WorkerStatus[];
}

interface WorkerStatus {
  readonly worker: string;
  /** Registered, and heard of within 5 s. */
  readonly alive: boolean;
  readonly host: string;
  readonly pid: number;
  readonly threads: number;
  readonly rate: number;
  readonly inFlight: number;
  readonly paused: boolean;
  readonly cpu: number;
  readonly rss: number;
  readonly clockErrorUs: number;
}

export function defineStatus(program: Command, context: Context, done: (exit: Exit) => void): void {
  withBusOptions(program.command('status').description('show the fleet: publisher, workers, queues, backlog, rate'))
    .addOption(
      new Option('--listen <time>', 'how long to listen for reports, which come once a second')
        .argParser(durationMillis)
        .default(millis(2_500), '2500ms'),
    )
    .option('--audit', 'show instead which commands were sent, by whom, and what became of them')
    .option('--run <id>', 'with --audit: only the commands that this run heard')
    .option('--json', 'print it as JSON')
    .action(async (flags: StatusFlags) => {
      const bus = await connectRedis(redisOptions(flags, context));
      try {
        if (flags.audit === true) {
          const audit = await readAudit(bus, flags.run);
          context.terminal.out(
            flags.json === true ? `${JSON.stringify(audit, undefined, 2)}\n` : renderAudit(audit, context.terminal),
          );
          return done(EXIT.done);
        }
        const status = await statusOf(bus, flags);
        context.terminal.out(
          flags.json === true ? `${JSON.stringify(status, undefined, 2)}\n` : render(status, context),
        );
      } finally {
        await bus.close();
      }
      done(EXIT.done);
    });
}

async function statusOf(bus: Bus, { prefix, listen }: StatusFlags): Promise<FleetStatus> {
  const figures = new FanIn();
  const unsubscribe = await bus.onReport((message) => figures.receive(message));
  await delay(listen);
  await unsubscribe();
  const queues = await bus.queues(queuesOf(await bus.readConfig()));
  const publisher = publisherOf(await bus.lockHolder());
  const now = await bus.time();
  const tasks = figures.tasks();
  return {
    prefix,
    publisher,
    run: publisher === null ? null : await runOf(bus, shown(publisher['run'])),
    rate: tasks.reduce((sum, { run, task }) => sum + figures.rate(run, task, now, micros(1_000_000)), 0),
    backlog: queues.reduce((sum, { length }) => sum + length, 0),
    queues,
    workers: workersOf(await bus.workers(), figures.workers()),
  };
}

// Whoever can write to Redis can write nonsense: what cannot be read is shown as missing, and the rest all the same.

function queuesOf(config: string | undefined): number {
  if (config === undefined) return 0;
  try {
    return readConfig(config, 'the config in Redis').threads;
  } catch {
    return 0;
  }
}

function publisherOf(holder: string | undefined): FleetStatus['publisher'] {
  if (holder === undefined) return null;
  try {
    const read: unknown = JSON.parse(holder);
    return typeof read === 'object' && read !== null ? Object.fromEntries(Object.entries(read)) : {};
  } catch {
    return {};
  }
}

async function runOf(bus: Bus, run: string): Promise<FleetStatus['run']> {
  const fields = await bus.readRun(run);
  if (fields === undefined) return null;
  try {
    const { state, scale, speed, rates } = decodeRun(fields);
    return { run, state, scale, speed, factor: rates.at(-1)?.factor ?? '1' };
  } catch {
    return null;
  }
}

function workersOf(registered: Awaited<ReturnType<Bus['workers']>>, heard: readonly WorkerFigures[]): WorkerStatus[] {
  return registered.map(({ worker, info }) => {
    const figures = heard.find((other) => other.worker === worker);
    const told = decodeWorkerInfo(info);
    return {
      worker,
      alive: info !== undefined,
      host: figures?.host ?? told?.host ?? '?',
      pid: figures?.pid ?? told?.pid ?? 0,
      threads: figures?.threads ?? 0,
      rate: figures?.rate ?? 0,
      inFlight: figures?.inFlight ?? 0,
      paused: figures?.paused ?? false,
      cpu: figures?.cpu ?? 0,
      rss: figures?.memory.rss ?? 0,
      clockErrorUs: Math.round(figures?.clockError ?? 0),
    };
  });
}

const shown = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?';

function render(status: FleetStatus, { terminal }: Context): string {
  const style = terminal.color ? COLORED : PLAIN;
  const { publisher, run, queues, workers } = status;
  const dead = queues.reduce((sum, queue) => sum + queue.dead, 0);
  const text = (field: string): string => printable(shown(publisher?.[field]));
  const lines = [
    publisher === null
      ? 'no publisher is at work'
      : `publisher ${text('host')} pid ${text('pid')}, run ${text('run')} since ${text('since')}`,
    ...(run === null
      ? []
      : [printable(`run ${run.run}: ${run.state}, scale ${run.scale}, speed ${run.speed}, rate × ${run.factor}`)]),
    `rate ${rateText(status.rate)}/s, backlog ${countText(status.backlog)} batches [${queues.map(({ length }) => length).join(' ')}]`,
    ...(dead === 0
      ? []
      : [
          style.warn(
            `${countText(dead)} elements in dead-letter lists [${queues.map((queue) => queue.dead).join(' ')}]`,
          ),
        ]),
    '',
  ];
  if (workers.length === 0) return `${[...lines, 'no worker is registered'].join('\n')}\n`;
  const titles = ['worker', 'state', 'host', 'pid', 'threads', 'ops/s', 'in flight', 'cores', 'memory', 'clock ±'];
  const columns = titles.map((title, i) => ({ title, align: i < 3 ? ('left' as const) : ('right' as const) }));
  const rows = workers.map((worker) =>
    [
      worker.worker,
      worker.alive ? (worker.paused ? 'paused' : 'alive') : 'dead',
      worker.host,
      String(worker.pid),
      String(worker.threads),
      rateText(worker.rate),
      countText(worker.inFlight),
      worker.cpu.toFixed(2),
      bytesText(worker.rss),
      durationText(worker.clockErrorUs),
    ].map((text) => ({ text })),
  );
  return `${[...lines, ...table(terminal.columns(), columns, rows, style)].join('\n')}\n`;
}
