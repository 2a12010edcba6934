/** A Redis that only takes HSET, and writes down when each key arrived: the target's own view of how evenly it is loaded. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connectRedis, type RedisOptions } from '@drumline/bus';
import { ClockKeeper, SystemClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { serve, settings } from './serve.ts';

export interface ArrivalLog {
  readonly keys: readonly string[];
  /** µs on the fleet's clock, in the order of `keys`. */
  readonly times: readonly number[];
}

const keys: string[] = [];
const times: number[] = [];

const bus = await connectRedis(settings<RedisOptions>());
const clock = new SystemClock();
await (await ClockKeeper.start({ clock, bus, log: silentLog })).stop();
await bus.close();

const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const now = clock.now();
    pending += chunk.toString('latin1');
    let replies = '';
    for (;;) {
      const command = readCommand(pending);
      if (command === undefined) break;
      pending = pending.slice(command.length);
      const [name = '', key = ''] = command.args;
      if (name.toUpperCase() === 'HSET') {
        keys.push(key);
        times.push(now);
        replies += ':1\r\n';
      } else replies += answerTo(name.toUpperCase());
    }
    if (replies !== '') socket.write(replies);
  });
});

/** What a client asks before it is ready. */
const answerTo = (name: string): string =>
  name === 'INFO' ? '$9\r\nloading:0\r\n' : name === 'HELLO' ? "-ERR unknown command 'HELLO'\r\n" : '+OK\r\n';

/** The first command of the text, an array of bulk strings; `undefined` while it is not whole. */
function readCommand(text: string): { readonly args: readonly string[]; readonly length: number } | undefined {
  let at = text.indexOf('\r\n');
  if (at < 0) return undefined;
  const args: string[] = [];
  const count = Number(text.slice(1, at));
  at += 2;
  for (let i = 0; i < count; i += 1) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number(text.slice(at + 1, end));
    at = end + 2 + length + 2;
    if (text.length < at) return undefined;
    args.push(text.slice(end + 2, end + 2 + length));
  }
  return { args, length: at };
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
serve<'log', ArrivalLog>((server.address() as AddressInfo).port, () => ({ keys, times }));
