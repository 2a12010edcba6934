/** The peer: as many of undici's clients as requests are in flight, each sending the next when its answer is there. */
import { Client, type Dispatcher } from 'undici';
import { cpuTime, serve, settings } from './serve.ts';

interface DispatchSettings {
  readonly origin: string;
  readonly inFlight: number;
}

export interface DispatchSample {
  readonly ok: number;
  /** µs */
  readonly cpu: number;
  /** ms, for differences. */
  readonly at: number;
}

const { origin, inFlight } = settings<DispatchSettings>();
const clients = Array.from({ length: inFlight }, () => new Client(origin, { pipelining: 1, allowH2: false }));
let ok = 0;
let going = true;

function send(client: Client): void {
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseData: () => undefined,
    onResponseEnd: () => {
      ok += 1;
      if (going) send(client);
    },
    onResponseError: (_controller, error) => {
      if (going) throw error;
    },
  };
  client.dispatch({ method: 'GET', path: '/', headersTimeout: 0, bodyTimeout: 0 }, handler);
}

for (const client of clients) send(client);
serve<'sample', DispatchSample>(
  {},
  () => ({ ok, cpu: cpuTime(), at: performance.now() }),
  async () => {
    going = false;
    await Promise.all(clients.map((client) => client.destroy()));
  },
);
