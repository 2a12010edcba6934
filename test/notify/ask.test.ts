import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { encodeWorkerInfo } from '@drumline/core/fleet';
import { askFleet, decodeCommand, encodeReply, isSignedWith, newCommand } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';

const TTL = millis(60_000);
const INFO = { host: 'h', pid: 1, db: 'redis', started: '', ready: true };
const WITHIN = { within: millis(60_000), publisher: false };
/** For answers that are to stay away. */
const SOON = { within: millis(30), publisher: false };

async function workerOn(fleet: MemoryFleet, worker: string, { ready = true, answers = true } = {}): Promise<string[]> {
  const bus = new MemoryBus(fleet);
  await bus.heartbeat(worker, encodeWorkerInfo({ ...INFO, ready }), TTL);
  const heard: string[] = [];
  await bus.onNotify((message) => {
    const { id, cmd, target } = decodeCommand(message, fleet.clock.now());
    heard.push(cmd);
    if (!answers || (target !== undefined && target !== worker)) return;
    void bus.report(encodeReply({ kind: 'reply', id, from: worker, ok: true, message: 'here' }));
  });
  return heard;
}

describe('askFleet', () => {
  test('two listeners answer and the silent one is named', async () => {
    const fleet = new MemoryFleet();
    await workerOn(fleet, 'b');
    await workerOn(fleet, 'a');
    await workerOn(fleet, 'silent', { answers: false });
    const bus = new MemoryBus(fleet);
    const answers = await askFleet(bus, await newCommand(bus, { cmd: 'ping' }, undefined), SOON);
    expect(answers.map(({ from, reply }) => [from, reply?.ok])).toEqual([
      ['a', true],
      ['b', true],
      ['silent', undefined],
    ]);
  });

  test('is over as soon as all who are expected have answered', async () => {
    const fleet = new MemoryFleet();
    await workerOn(fleet, 'a');
    await workerOn(fleet, 'b');
    const bus = new MemoryBus(fleet);
    expect(await askFleet(bus, await newCommand(bus, { cmd: 'ping' }, undefined), WITHIN)).toHaveLength(2);
    expect(fleet.reported.size).toBe(0);
  });

  test('nobody waits for a worker that is still starting', async () => {
    const fleet = new MemoryFleet();
    await workerOn(fleet, 'a');
    const heard = await workerOn(fleet, 'starting', { ready: false, answers: false });
    const bus = new MemoryBus(fleet);
    expect(await askFleet(bus, await newCommand(bus, { cmd: 'ping' }, undefined), WITHIN)).toHaveLength(1);
    expect(heard).toEqual(['ping']);
  });

  test('with a target only that one is waited for, known or not', async () => {
    const fleet = new MemoryFleet();
    await workerOn(fleet, 'a');
    await workerOn(fleet, 'b', { answers: false });
    const bus = new MemoryBus(fleet);
    const to = async (target: string, options: typeof WITHIN) =>
      askFleet(bus, await newCommand(bus, { cmd: 'ping', target }, undefined), options);
    expect(await to('a', WITHIN)).toMatchObject([{ from: 'a', reply: { ok: true } }]);
    expect(await to('nobody', SOON)).toEqual([{ from: 'nobody', reply: undefined }]);
  });

  test('a publisher is waited for when there is one', async () => {
    const fleet = new MemoryFleet();
    const bus = new MemoryBus(fleet);
    const ask = async () =>
      askFleet(bus, await newCommand(bus, { cmd: 'rate' }, undefined), { ...SOON, publisher: true });
    expect(await ask()).toEqual([]);
    await bus.acquireLock('{}', TTL);
    expect(await ask()).toEqual([{ from: 'publisher', reply: undefined }]);
  });

  test('answers to other commands do not count', async () => {
    const fleet = new MemoryFleet();
    await workerOn(fleet, 'a', { answers: false });
    const bus = new MemoryBus(fleet);
    const asking = askFleet(bus, await newCommand(bus, { cmd: 'ping' }, undefined), SOON);
    await bus.report(encodeReply({ kind: 'reply', id: 'another', from: 'a', ok: true, message: '' }));
    await bus.report('{"kind":"report"}');
    expect(await asking).toEqual([{ from: 'a', reply: undefined }]);
  });
});

describe('newCommand', () => {
  test('is stamped with the fleet’s time and signed when there is a secret', async () => {
    const bus = new MemoryBus(new MemoryFleet());
    const before = await bus.time();
    const command = await newCommand(bus, { cmd: 'stop', args: { run: 'r' }, target: 'w' }, 's');
    expect(command.at).toBeGreaterThanOrEqual(before);
    expect(isSignedWith(command, 's')).toBe(true);
    expect((await newCommand(bus, { cmd: 'stop' }, undefined)).sig).toBeUndefined();
  });

  test('no two commands share id or nonce', async () => {
    const bus = new MemoryBus(new MemoryFleet());
    const commands = await Promise.all(Array.from({ length: 50 }, () => newCommand(bus, { cmd: 'ping' }, undefined)));
    expect(new Set(commands.flatMap(({ id, nonce }) => [id, nonce])).size).toBe(100);
  });
});
