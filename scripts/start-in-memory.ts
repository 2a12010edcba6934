import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { makeLog, newRun, play, processTerminal, RunOutputs, readInputs, startWorker } from '@drumline/cli';
import { delay } from '@drumline/core/clock';
import { askFleet, newCommand } from '@drumline/core/notify';
import { type Millis, micros, millis } from '@drumline/core/units';
import { openInline } from '@drumline/worker';

/** Publisher, worker and command in this process, on the memory bus. @returns the exit code. */
export async function playInMemory(
  act: {
    readonly db: 'dynamodb' | 'redis';
    readonly endpoint: string;
    readonly scale: string;
    readonly speed: string;
    readonly rate: string;
  },
  files: readonly string[],
  notifyAfter: Millis,
): Promise<number> {
  const fleet = new MemoryFleet();
  const terminal = processTerminal();
  const context = { terminal, env: process.env, host: 'localhost', pid: process.pid };
  const log = makeLog(terminal, 'warn');
  const [, config = '', , traffic = ''] = files;
  const inputs = readInputs(config, traffic);
  const [bus, workerBus] = [new MemoryBus(fleet), new MemoryBus(fleet)];
  await bus.writeConfig(inputs.configText);
  const worker = await startWorker(
    {
      id: 'worker-1',
      bus: workerBus,
      openEngine: (setup, events) => openInline(setup, () => Promise.resolve(new MemoryBus(fleet)), events),
      engines: 1,
      target: { db: act.db, endpoint: act.endpoint },
      createTable: true,
      secret: undefined,
      allow: [],
      plugins: {},
      digest: false,
      log,
      onEnd: () => undefined,
    },
    context,
    new AbortController().signal,
  );
  const told = delay(notifyAfter).then(async () => {
    const command = await newCommand(bus, { cmd: 'rate', args: { rate: act.rate } }, undefined);
    return askFleet(bus, command, { within: millis(5_000), publisher: true });
  });
  const flags = {
    ...{ config, traffic, scale: act.scale, speed: act.speed, workers: 1, backlog: 'warn' as const },
    ...{
      lead: micros(50_000),
      backlogBound: micros(10_000_000),
      waitWorkers: millis(10_000),
      patience: millis(60_000),
      outage: millis(60_000),
    },
  };
  await using outputs = await RunOutputs.open({}, terminal, log);
  const exit = await play(
    { bus, beginning: newRun(inputs, flags), flags, prefix: 'demo', secret: undefined, outputs, log },
    context,
  );
  for (const { from, reply } of await told)
    terminal.out(`rate ${act.rate}: ${from} answered ${reply?.message ?? 'nothing'}\n`);
  await worker.end('drain');
  await bus.close();
  await workerBus.close();
  return exit;
}
