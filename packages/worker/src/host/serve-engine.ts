import type { Bus } from '@drumline/core/bus';
import { SystemClock, syncClock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { micros } from '@drumline/core/units';
import { Engine } from '../engine/engine.ts';
import type { EngineCommand, EngineMessage, EngineSetup } from './protocol.ts';

/** Samples of the first clock measurement: on a quiet network the best of so many is within some 20 µs. */
const CLOCK_SAMPLES = 25;

/**
 * Runs an engine behind the protocol: opens its bus, sets its clock, and from then on does what the commands say, in
 * their order.
 * @returns where commands go.
 */
export function serveEngine(
  setup: EngineSetup,
  openBus: () => Promise<Bus>,
  send: (message: EngineMessage) => void,
): (command: EngineCommand) => void {
  const log = logTo(send);
  const started = start(setup, openBus, log);
  started.then(
    () => send({ kind: 'ready' }),
    (error: unknown) => send(refusal(error)),
  );
  let order: Promise<void> = started.then(
    () => undefined,
    () => undefined,
  );
  return (command) => {
    order = order.then(async () => {
      const engine = await started.catch(() => undefined);
      if (engine === undefined) return answerDead(command, send);
      await obey(engine, command, send);
    });
  };
}

async function start(setup: EngineSetup, openBus: () => Promise<Bus>, log: Log): Promise<Engine> {
  const bus = await openBus();
  try {
    const clock = new SystemClock();
    const bar = await syncClock(clock, () => bus.time(), CLOCK_SAMPLES);
    return await Engine.start({ setup, bus, clock, clockBar: bar, log });
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function obey(engine: Engine, command: EngineCommand, send: (message: EngineMessage) => void): Promise<void> {
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
      void engine.end(command.kind).then(() => send({ kind: 'ended', report: engine.report() }));
      return;
    case 'report':
      return send({ kind: 'report', id: command.id, report: engine.report() });
  }
}

/** An engine that never came up has nothing in hand: it ends at once and has nothing to report. */
function answerDead(command: EngineCommand, send: (message: EngineMessage) => void): void {
  const report = { tasks: [], queues: [], inFlight: 0, pending: 0, buried: 0, clockBar: micros(0), loopDelay: NO_DELAY };
  if (command.kind === 'report') send({ kind: 'report', id: command.id, report });
  if (command.kind === 'drain' || command.kind === 'leave') send({ kind: 'ended', report });
}

const NO_DELAY = { p50: 0, p99: 0, max: 0 };

function refusal(error: unknown): EngineMessage {
  if (error instanceof DrumlineError) return { kind: 'refused', code: error.code, message: error.message, hint: error.hint };
  return { kind: 'refused', code: 'DRUM_OP_CRASHED', message: String(error), hint: undefined };
}

function logTo(send: (message: EngineMessage) => void): Log {
  const at = (level: keyof Log) => (fields: object, text: string) => send({ kind: 'log', level, fields: plain(fields), text });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Errors lose their code when they cross to another thread, and functions do not cross at all. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? { message: value.message, stack: value.stack } : value]),
  );
}
