import type { Bus } from '@drumline/core/bus';
import type { Config } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import { CommandGate, type CommandSet } from '@drumline/core/notify';
import type { Millis } from '@drumline/core/units';
import type { WorkerReport } from '@drumline/core/wire';
import { createTable } from '@drumline/targets';
import {
  type EngineOpener,
  INSTANCE_DEFAULTS,
  instanceCommands,
  settingsOf,
  type TargetOptions,
  Worker,
} from '@drumline/worker';
import type { Context } from './context.ts';
import type { CliLog } from './log.ts';

export interface WorkerStart {
  readonly id: string;
  readonly bus: Bus;
  readonly openEngine: EngineOpener;
  readonly engines: number;
  readonly target: TargetOptions;
  readonly createTable: boolean;
  readonly secret: string | undefined;
  readonly allow: readonly string[];
  readonly plugins: CommandSet;
  readonly rebootCommand?: string | undefined;
  readonly terminateCommand?: string | undefined;
  readonly configWithin?: Millis | undefined;
  readonly digest: boolean;
  readonly log: CliLog;
  readonly onReport?: (report: WorkerReport) => void;
  readonly onEnd: (how: 'drain' | 'leave', why?: Error) => void;
}

/** Starts a worker in this process. @throws DrumlineError */
export async function startWorker(start: WorkerStart, { host, pid }: Context, signal: AbortSignal): Promise<Worker> {
  const { id, bus, openEngine, engines, target, digest, log, onEnd, configWithin, onReport } = start;
  checkAllowed(start);
  const instance = {
    ...INSTANCE_DEFAULTS,
    ...(start.rebootCommand !== undefined && { reboot: start.rebootCommand.split(' ') }),
    ...(start.terminateCommand !== undefined && { terminate: start.terminateCommand.split(' ') }),
  };
  return Worker.start(
    {
      id,
      host,
      pid,
      bus,
      openEngine,
      engines,
      target,
      gate: new CommandGate({
        allow: new Set(start.allow),
        ...(start.secret !== undefined && { secret: start.secret }),
      }),
      commands: { ...instanceCommands(instance), ...start.plugins },
      digest,
      process: { cpu, memory },
      log,
      setLogLevel: (level) => log.setLevel(level),
      onEnd,
      ...(start.createTable && { prepareTarget: (config: Config) => makeTable(config, target, log) }),
      ...(configWithin !== undefined && { configWithin }),
      ...(onReport !== undefined && { onReport }),
    },
    signal,
  );
}

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

function memory(): { rss: number; heapUsed: number } {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

function checkAllowed({ allow, secret, plugins }: WorkerStart): void {
  const known = new Set([...Object.keys(instanceCommands(INSTANCE_DEFAULTS)), ...Object.keys(plugins)]);
  const unknown = allow.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new DrumlineError('DRUM_USAGE', `--allow names ${unknown.join(', ')}; it takes ${[...known].join(', ')}`);
  }
  if (allow.length > 0 && secret === undefined) {
    throw new DrumlineError(
      'DRUM_USAGE',
      `--allow ${allow.join(',')} needs a secret: these commands reach beyond Drumline`,
      {
        hint: 'Set DRUMLINE_SECRET, or give --secret-file, here and for `drumline notify`.',
      },
    );
  }
}

async function makeTable(config: Config, target: TargetOptions, log: CliLog): Promise<void> {
  log.info(
    { table: config.tableName, result: await createTable(settingsOf(config, target, 1).driver) },
    'create table',
  );
}
