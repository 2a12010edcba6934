import { once } from 'node:events';
import { createServer } from 'node:http';

/** One request and what became of it; instants in µs of this host's wall clock. */
export interface TimedRequest {
  readonly url: string;
  readonly came: number;
  readonly answered: number;
}

/** An HTTP server that says when it did what, whatever its clients measure. */
export interface TimedHttp extends AsyncDisposable {
  readonly url: string;
  /** In the order of the answers. */
  readonly log: readonly TimedRequest[];
}

export interface TimedHttpOptions {
  /** ms that the answer to this URL takes. Default 0. */
  readonly delayOf?: (url: string) => number;
  /** Nothing is answered from `after` ms past the first request on, for `length` ms. */
  readonly stall?: { readonly after: number; readonly length: number };
  readonly status?: (url: string) => number;
}

/** To the millisecond below. The monotonic clock would be finer, and drifts from those of younger processes. */
const nowMicros = (): number => Date.now() * 1_000;

export async function startTimedHttp(options: TimedHttpOptions = {}): Promise<TimedHttp> {
  const { delayOf = () => 0, stall = { after: 0, length: 0 }, status = () => 200 } = options;
  const log: TimedRequest[] = [];
  let first: number | undefined;
  const server = createServer((request, response) => {
    const { url = '' } = request;
    const came = nowMicros();
    first ??= came;
    const from = first + stall.after * 1_000;
    const until = from + stall.length * 1_000;
    const due = came + delayOf(url) * 1_000;
    const at = due >= from && due < until ? until : due;
    setTimeout(
      () => {
        log.push({ url, came, answered: nowMicros() });
        response.statusCode = status(url);
        response.end('{"ok":true}');
      },
      (at - came) / 1_000,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    log,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
