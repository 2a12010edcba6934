import type { Bus } from '@drumline/core/bus';
import { ClockKeeper, type SystemClock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import { CommandGate } from '@drumline/core/notify';
import { readPlan } from '@drumline/core/plan';
import { micros, millis } from '@drumline/core/units';
import { Publisher } from '@drumline/publisher';

/** Says on standard error what went wrong; all else would only be in the way of the table. */
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, text) => console.error(text, fields),
  error: (fields, text) => console.error(text, fields),
};

/** A publisher as `drumline publisher` makes it, with its defaults, about to play the traffic file's text. */
export async function preparePublisher(
  bus: Bus,
  clock: SystemClock,
  configText: string,
  planText: string,
  workers: number,
): Promise<Publisher> {
  await (await ClockKeeper.start({ clock, bus, log })).stop();
  return Publisher.prepare({
    bus,
    clock,
    plan: readPlan(planText, 'bench'),
    planText,
    configText,
    run: `bench${Date.now().toString(36)}`,
    host: 'bench',
    pid: process.pid,
    scale: '1',
    speed: '1',
    lead: micros(50_000),
    backlog: { policy: 'warn', bound: micros(10_000_000) },
    workers: { count: workers, within: millis(20_000) },
    patience: millis(30_000),
    outage: millis(60_000),
    secret: undefined,
    gate: new CommandGate({ allow: new Set() }),
    drawSeed: () => '1',
    log,
  });
}
