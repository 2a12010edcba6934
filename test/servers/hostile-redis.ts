import { type Fault, flood, HostileTcp, type Serve } from './hostile-tcp.ts';

/** One command, its arguments as text. */
export type Asked = readonly string[];

/** A Redis that keeps hashes, strings and sorted sets in memory, as far as the data actions need them, and fails on command. */
export type HostileRedis = HostileTcp<Asked>;

export async function startHostileRedis(): Promise<HostileRedis> {
  const store = new Store();
  return HostileTcp.start(() => {
    let queued: Asked[] | undefined;
    const answer = (command: Asked): string => {
      const name = command[0]?.toUpperCase();
      if (name === 'MULTI') {
        queued = [];
        return '+OK\r\n';
      }
      if (name === 'EXEC') {
        const commands = queued ?? [];
        queued = undefined;
        return `*${commands.length}\r\n${commands.map((one) => store.obey(one)).join('')}`;
      }
      if (queued === undefined) return store.obey(command);
      queued.push(command);
      return '+QUEUED\r\n';
    };
    return reader((command, request) => request(command, Buffer.from(answer(command), 'latin1')));
  });
}

/** Splits what came into commands. Arguments are latin1, so that every byte survives. */
function reader(each: (command: Asked, request: (asked: Asked, good: Buffer) => void) => void): Serve<Asked> {
  return (received, request) => {
    let at = 0;
    for (;;) {
      const read = commandAt(received, at);
      if (read === undefined) return received.subarray(at);
      at = read.end;
      each(read.command, request);
    }
  };
}

function commandAt(bytes: Buffer, from: number): { command: Asked; end: number } | undefined {
  const command: string[] = [];
  let at = from;
  const line = (): string | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  const count = line();
  if (count === undefined) return undefined;
  for (let i = Number(count.slice(1)); i > 0; i -= 1) {
    const length = Number(line()?.slice(1));
    if (!(at + length + 2 <= bytes.length)) return undefined;
    command.push(bytes.toString('latin1', at, at + length));
    at += length + 2;
  }
  return { command, end: at };
}

const bulk = (text: string | undefined): string => (text === undefined ? '$-1\r\n' : `$${text.length}\r\n${text}\r\n`);
const list = (texts: readonly (string | undefined)[]): string => `*${texts.length}\r\n${texts.map(bulk).join('')}`;
const integer = (number: number): string => `:${number}\r\n`;

class Store {
  readonly #hashes = new Map<string, Map<string, string>>();
  readonly #texts = new Map<string, string>();

  obey([name = '', key = '', ...args]: Asked): string {
    switch (name.toUpperCase()) {
      case 'PING':
        return '+PONG\r\n';
      case 'DEL':
        return integer([key, ...args].filter((one) => this.#hashes.delete(one) || this.#texts.delete(one)).length);
      case 'HSET':
        return integer(this.#set(key, args));
      case 'ZADD':
        return integer(
          this.#set(
            key,
            pairs(args).flatMap(([score, member]) => [member, score]),
          ),
        );
      case 'ZREM':
        return integer(args.filter((member) => this.#hashes.get(key)?.delete(member)).length);
      case 'HGETALL':
        return list([...(this.#hashes.get(key) ?? [])].flat());
      case 'HMGET':
        return list(args.map((field) => this.#hashes.get(key)?.get(field)));
      case 'ZRANGE':
        return list([...(this.#hashes.get(key)?.keys() ?? [])].toSorted().slice(0, Number(args[1]) + 1 || undefined));
      case 'MGET':
        return list([key, ...args].map((one) => this.#texts.get(one)));
      case 'MSET':
        for (const [one, value] of pairs([key, ...args])) this.#texts.set(one, value);
        return '+OK\r\n';
      case 'AUTH':
      case 'SELECT':
      case 'CLIENT':
        return '+OK\r\n';
      default:
        return `-ERR unknown command '${name}'\r\n`;
    }
  }

  /** Answers how many fields are new. */
  #set(key: string, args: readonly string[]): number {
    const fields = this.#hashes.get(key) ?? new Map<string, string>();
    const before = fields.size;
    for (const [field, value] of pairs(args)) fields.set(field, value);
    this.#hashes.set(key, fields);
    return fields.size - before;
  }
}

const pairs = (args: readonly string[]): [string, string][] =>
  Array.from({ length: args.length >> 1 }, (_, i) => [args[2 * i] ?? '', args[2 * i + 1] ?? '']);

/** Answers every command with these bytes. */
export const replies = (bytes: string): Fault<Asked> => ({ answer: (socket) => socket.write(bytes, 'latin1') });

/** What only a Redis can get wrong. */
export const REDIS_FAULTS = {
  isBusy: replies('-BUSY Redis is busy running a script.\r\n'),
  isLoading: replies('-LOADING Redis is loading the dataset in memory\r\n'),
  isReadOnly: replies("-READONLY You can't write against a read only replica.\r\n"),
  isFull: replies("-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
  wantsALogin: replies('-NOAUTH Authentication required.\r\n'),
  movesForEver: replies('-MOVED 1 127.0.0.1:1\r\n'),
  refuses: replies('-ERR no\r\n'),
  refusesWordlessly: replies('-\r\n'),
  refusesEndlessly: { answer: (socket) => flood(socket, '-ERR ', Buffer.alloc(65_536, 'x')) },
  answersIntegers: replies(':18446744073709551616\r\n'),
  answersNegatives: replies(':-3\r\n'),
  answersNulls: replies('$-1\r\n'),
  answersNullLists: replies('*-1\r\n'),
  answersLists: replies('*1\r\n*1\r\n*0\r\n'),
  answersText: replies('+hello\r\n'),
  answersBytes: replies('$5\r\nhello\r\n'),
  answersMaps: replies('%1\r\n+a\r\n:1\r\n'),
  answersTwice: { answer: (socket, good) => socket.write(Buffer.concat([good, good])) },
  answersNullsBeside: { answer: (socket, good) => socket.write(Buffer.concat([good, Buffer.from('$-1\r\n')])) },
  pushes: { answer: (socket, good) => socket.write(Buffer.concat([Buffer.from('>1\r\n+invalidate\r\n'), good])) },
  nestsForEver: { answer: (socket) => flood(socket, '', Buffer.from('*1\r\n'.repeat(16_384))) },
  nestsWideLists: replies('*30000000\r\n'.repeat(2_000)),
  promisesTheWorld: replies('*4294967296\r\n'),
  promisesAHugeValue: { answer: (socket) => flood(socket, '$9007199254740991\r\n', Buffer.alloc(1 << 18, 'x')) },
  listsForEver: { answer: (socket) => flood(socket, '*1000000000\r\n', Buffer.from(':1\r\n'.repeat(16_384))) },
  lengthIsNoNumber: replies('$1x\r\nhello\r\n'),
  lengthIsNegative: replies('$-7\r\n'),
  valueIsLongerThanSaid: replies('$3\r\nhello\r\n'),
} satisfies Record<string, Fault<Asked>>;
