import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connectRedis } from '@drumline/bus';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { expect, test } from 'vitest';
import { Chance } from './mutations.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Servers that answer otherwise. */
const ROUNDS = Math.ceil(Number(process.env['FUZZ_RUNS'] ?? 1_000) / 250);

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** A reply of any type, whatever was asked. */
function anyReply(chance: Chance, depth = 0): string {
  const kinds: readonly (() => string)[] = [
    () => '+OK\r\n',
    () => '$-1\r\n',
    () => '*-1\r\n',
    () => '*0\r\n',
    () => `:${chance.pick(['0', '-1', '9223372036854775807', '-0', '12'])}\r\n`,
    () => bulk(chance.pick(['', '{}', 'null', '1', '9'.repeat(400), '\u0000', '{"__proto__":1}', '%zz', '1 2 {'])),
    () => `-${chance.pick(['ERR odd', 'WRONGTYPE no', 'NOPERM no', 'FOO bar', ''])}\r\n`,
    () => {
      const count = chance.below(4);
      return `*${count}\r\n${Array.from({ length: count }, () => anyReply(chance, depth + 1)).join('')}`;
    },
  ];
  return depth > 3 ? ':1\r\n' : chance.pick(kinds)();
}

/** A server that says what it likes to everything, once `isTame` is over. */
async function startLiar(chance: Chance): Promise<{ port: number; stop: () => Promise<void>; lie: () => void }> {
  const sockets = new Set<Socket>();
  let lies = false;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      // A command begins with an array's header at the beginning of a line, followed by a bulk's.
      for (const _ of chunk.toString('latin1').matchAll(/(?:^|\r\n)\*\d+\r\n\$/gu)) {
        socket.write(lies ? anyReply(chance) : '$-1\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lie: () => {
      lies = true;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('whatever types a server answers with, every call of the bus ends, with an answer or a coded error', async () => {
  const chance = new Chance(SEED);
  const bad: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const liar = await startLiar(chance);
    const bus = await connectRedis({ url: `127.0.0.1:${liar.port}`, prefix: 'x', outage: millis(100) });
    liar.lie();
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['time', () => bus.time()],
      ['readConfig', () => bus.readConfig()],
      ['lockHolder', () => bus.lockHolder()],
      ['lastRun', () => bus.lastRun()],
      ['readRun', () => bus.readRun('r')],
      ['workers', () => bus.workers()],
      ['queuesOf', () => bus.queuesOf('w')],
      ['reclaim', () => bus.reclaim(0, 'w')],
      ['queues', () => bus.queues(2)],
      ['deadLetters', () => bus.deadLetters(0, 5)],
      ['readLedger', () => bus.readLedger('r', 2)],
      ['readAudit', () => bus.readAudit(5)],
      ['fence', () => bus.fence(0, 'r', 1)],
      ['writeRun', () => bus.writeRun('r', { a: 'b' }, 1)],
      ['renewLock', () => bus.renewLock(1, 'h', millis(100))],
      ['audit', () => bus.audit('{}')],
      [
        'push',
        () => bus.push(0, { run: 'r', epoch: 1, seq: 1, beat: 0, elements: ['{}'], published: new Map([[0, 1]]) }),
      ],
    ];
    await Promise.all(
      calls.map(async ([name, call]) => {
        try {
          await call();
        } catch (error) {
          if (!(error instanceof DrumlineError)) bad.push(`${name}: ${String(error)}`);
        }
      }),
    );
    await bus.close();
    await liar.stop();
  }
  expect({ seed: SEED, bad }).toEqual({ seed: SEED, bad: [] });
});
