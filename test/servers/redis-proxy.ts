import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A proxy in front of a Redis that can do to a connection what servers in trouble and bad networks do. */
export interface RedisProxy extends AsyncDisposable {
  readonly port: number;
  /** Commands that clients have sent, those of handshakes not counted. */
  readonly commands: number;
  /** How often the present `answer`, or a cut, has been given. */
  readonly faults: number;
  /** Gives this answer (`-LOADING …`) to every command instead of asking the server, until told `undefined`. */
  answer(text: string | undefined): void;
  /** Takes no new connections and cuts those that are there, until told `false`. */
  refuse(refuses: boolean): void;
  /** Lets only a part of the next reply, or of the next command, through, and then cuts that connection. */
  cutNext(what: 'reply' | 'command'): void;
}

/** What a client says before it is let in: a server that can do nothing else still answers it. */
const HANDSHAKE: ReadonlySet<string> = new Set(['HELLO', 'AUTH', 'SELECT', 'CLIENT', 'QUIT', 'INFO']);

export async function startRedisProxy(target: number): Promise<RedisProxy> {
  const state = {
    answer: undefined as string | undefined,
    refuses: false,
    cut: undefined as string | undefined,
    commands: 0,
    faults: 0,
  };
  const sockets = new Set<Socket>();
  const cutAll = (): void => sockets.forEach((socket) => socket.destroy());
  const proxy = createServer((client) => {
    if (state.refuses) {
      client.destroy();
      return;
    }
    const server = dial(target, '127.0.0.1');
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    const split = splitCommands();
    client.on('data', (data: Buffer) => {
      for (const { name, bytes } of split(data)) {
        if (HANDSHAKE.has(name)) server.write(bytes);
        else if (state.cut === 'command') {
          [state.cut, state.faults] = [undefined, state.faults + 1];
          // The server has the half of it before it hears of the end.
          server.write(bytes.subarray(0, bytes.length / 2), () => client.destroy());
          return;
        } else if (state.answer !== undefined) {
          [state.commands, state.faults] = [state.commands + 1, state.faults + 1];
          client.write(`${state.answer}\r\n`);
        } else {
          state.commands += 1;
          server.write(bytes);
        }
      }
    });
    let greeted = false;
    server.on('data', (data: Buffer) => {
      if (!greeted || state.cut !== 'reply' || data.length < 2) {
        greeted = true;
        client.write(data);
        return;
      }
      [state.cut, state.faults] = [undefined, state.faults + 1];
      client.write(data.subarray(0, data.length - 1), () => client.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    get commands() {
      return state.commands;
    },
    get faults() {
      return state.faults;
    },
    answer: (text) => Object.assign(state, { answer: text, faults: 0 }),
    refuse: (refuses) => {
      state.refuses = refuses;
      if (refuses) cutAll();
    },
    cutNext: (what) => {
      state.cut = what;
    },
    [Symbol.asyncDispose]: async () => {
      cutAll();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

interface Command {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Takes a client's stream apart: `*n`, then n times `$length` and so many bytes. */
function splitCommands(): (data: Buffer) => Command[] {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    const commands: Command[] = [];
    for (let command = firstCommand(rest); command !== undefined; command = firstCommand(rest)) {
      commands.push(command);
      rest = rest.subarray(command.bytes.length);
    }
    return commands;
  };
}

function firstCommand(data: Buffer): Command | undefined {
  let at = 0;
  const number = (): number | undefined => {
    const end = data.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const value = Number(data.toString('latin1', at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  if (count === undefined) return undefined;
  let name = '';
  for (let i = 0; i < count; i += 1) {
    const length = number();
    if (length === undefined || data.length < at + length + 2) return undefined;
    if (i === 0) name = data.toString('latin1', at, at + length).toUpperCase();
    at += length + 2;
  }
  return { name, bytes: data.subarray(0, at) };
}
