import type { Bus } from '@drumline/core/bus';
import { ClockKeeper, SystemClock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { Seconds } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import { type Driver, type DriverOptions, openDriver } from '@drumline/targets';
import { Engine } from '../engine/engine.ts';
import type { EngineCommand, EngineMessage, EngineReport, EngineSetup } from './protocol.ts';

export interface EngineResources {
  readonly openBus: () => Promise<Bus>;
  /** Makes a driver that is not open yet; default: the one of the target that the options name. */
  readonly driverOf?: (options: DriverOptions) => Driver;
}

type Send = (message: EngineMessage) => void;

/**
 * Runs an engine behind the protocol: opens its bus, sets its clock, and from then on does what the commands say, in
 * their order.
 * @returns where commands go.
 */
export function serveEngine(
  setup: EngineSetup,
  resources: EngineResources,
  send: Send,
): (command: EngineCommand) => void {
  const log = logTo(send);
  let engine: Engine | undefined;
  let order = start(setup, resources, log).then(
    (started) => {
      engine = started;
      return send({ kind: 'ready' });
    },
    (error: unknown) => send(refusal(error)),
  );
  return (command) => {
    order = order
      .then(() => (engine === undefined ? answerDead(command, send) : obey(engine, command, send, log)))
      .catch((error: unknown) =>
        log.error({ err: error, command: command.kind }, 'an engine could not obey a command'),
      );
  };
}

async function start(setup: EngineSetup, resources: EngineResources, log: Log): Promise<Engine> {
  const { openBus, driverOf = (options) => openDriver(options) } = resources;
  const bus = await openBus();
  let keeper: ClockKeeper | undefined;
  try {
    const clock = new SystemClock();
    const seconds = new Seconds(() => keeper?.bar ?? micros(0));
    const onParted = (): void => {
      seconds.pass(clock.now());
      seconds.mark('clock');
    };
    keeper = await ClockKeeper.start({ clock, bus, log, onParted });
    return await Engine.start({ setup, bus, clock, keeper, seconds, log, driverOf });
  } catch (error) {
    await keeper?.stop();
    await bus.close();
    throw error;
  }
}

async function obey(engine: Engine, command: EngineCommand, send: Send, log: Log): Promise<void> {
  switch (command.kind) {
    case 'queues':
      return engine.setQueues(command.queues);
    case 'settings':
      return engine.apply(command.settings).then(
        () => send({ kind: 'settled' }),
        (error: unknown) => send(refusal(error)),
      );
    case 'pause':
      return engine.pause(command.at);
    case 'resume':
      return engine.resume(command.at);
    case 'stop':
      return engine.stopRun(command.run);
    case 'drain':
    case 'leave':
      // Not awaited: reports are answered while the engine ends.
      void end(engine, command.kind, send, log);
      return;
    case 'report':
      return send({ kind: 'report', id: command.id, report: engine.report() });
  }
}

async function end(engine: Engine, how: 'drain' | 'leave', send: Send, log: Log): Promise<void> {
  await engine.end(how).catch((error: unknown) => log.error({ err: error }, 'an engine did not end cleanly'));
  send({ kind: 'ended', report: engine.report() });
}

/** An engine that never came up has nothing in hand: it ends at once and has nothing to report. */
function answerDead(command: EngineCommand, send: Send): void {
  if (command.kind === 'report') send({ kind: 'report', id: command.id, report: NOTHING });
  if (command.kind === 'drain' || command.kind === 'leave') send({ kind: 'ended', report: NOTHING });
}

const NOTHING: EngineReport = {
  tasks: [],
  seconds: [],
  queues: [],
  inFlight: 0,
  pending: 0,
  buried: 0,
  clockBar: micros(0),
  loopDelay: { p50: 0, p99: 0, max: 0, busy: 0 },
};

function refusal(error: unknown): EngineMessage {
  if (!(error instanceof DrumlineError))
    return { kind: 'refused', code: 'DRUM_BUG', message: String(error), hint: undefined };
  return { kind: 'refused', code: error.code, message: error.message, hint: error.hint };
}

function logTo(send: Send): Log {
  const at = (level: keyof Log) => (fields: object, text: string) =>
    send({ kind: 'log', level, fields: plain(fields), text });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Errors lose their code when they cross to another thread, and functions do not cross at all. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? { message: value.message, stack: value.stack } : value,
    ]),
  );
}
