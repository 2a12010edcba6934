import { type Fault, flood, HostileTcp } from './hostile-tcp.ts';

/** One request, as it came. */
export interface AskedHttp {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** An HTTP server on raw sockets, so that its HTTP can be wrong, too. Well, it answers every request with 200 and `{"ok":true}`. */
export type HostileHttp = HostileTcp<AskedHttp>;

export async function startHostileHttp(): Promise<HostileHttp> {
  return HostileTcp.start(() => (received, request) => {
    let rest = received;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return rest;
      const [line = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n');
      const headers = new Map(lines.map((one) => pairOf(one)));
      const length = end + 4 + Number(headers.get('content-length') ?? 0);
      if (rest.length < length) return rest;
      const [method = '', path = ''] = line.split(' ');
      const body = rest.toString('utf8', end + 4, length);
      rest = rest.subarray(length);
      request({ method, path, headers, body }, httpAnswer(200, '{"ok":true}'));
    }
  });
}

function pairOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** A whole answer. @param headers lines, each with its end. */
export function httpAnswer(status: number, body: string | Buffer, headers = ''): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} X\r\n${headers}content-length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}

/** Answers every request with these bytes. */
export const sendsHttp = (bytes: string | Buffer): Fault<AskedHttp> => ({ answer: (socket) => socket.write(bytes) });

const CHUNKED = 'HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n';

/** What only an HTTP server can get wrong, and the code that its clients count. */
export const HTTP_FAULTS = {
  saysMoreThanItSends: [
    'DRUM_HTTP_RESET',
    { answer: (socket) => socket.end('HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{}') },
  ],
  saysANegativeLength: ['DRUM_HTTP_ANSWER', sendsHttp('HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\n{}')],
  saysTwoLengths: ['DRUM_HTTP_ANSWER', sendsHttp('HTTP/1.1 200 X\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}')],
  breaksItsChunks: ['DRUM_HTTP_ANSWER', sendsHttp(`${CHUNKED}zz\r\n{}\r\n`)],
  hasHugeHeaders: [
    'DRUM_HTTP_ANSWER',
    sendsHttp(`HTTP/1.1 200 X\r\nx: ${'y'.repeat(200_000)}\r\ncontent-length: 2\r\n\r\n{}`),
  ],
  switchesProtocols: [
    'DRUM_HTTP_ANSWER',
    sendsHttp('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ],
  answersEndlessly: [
    'DRUM_HTTP_TOO_LARGE',
    { answer: (socket) => flood(socket, CHUNKED, Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`)) },
  ],
  promisesMoreThanFits: [
    'DRUM_HTTP_TOO_LARGE',
    {
      answer: (socket) => flood(socket, 'HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n', Buffer.alloc(65_536)),
    },
  ],
  continuesForEver: [
    'DRUM_HTTP_ANSWER',
    { answer: (socket) => flood(socket, '', Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000))) },
  ],
} satisfies Record<string, readonly [code: string, Fault<AskedHttp>]>;
