import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DrumlineError } from '@drumline/core/errors';
import { CONTENT_TYPES, type Exposition, METRICS, type MetricsSource, renderMetrics } from '@drumline/report';
import { reasonOf } from './output-path.ts';

export interface MetricsAddress {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** An HTTP server that shows the metrics of a run to whoever asks: `GET /metrics`. */
export class MetricsServer {
  readonly #server: Server;
  #source: (() => MetricsSource) | undefined;

  private constructor() {
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) =>
      this.#answer(request, response),
    );
    this.#server.maxConnections = 64;
  }

  /** @throws DrumlineError DRUM_METRICS_ADDRESS */
  static async start({ host, port }: MetricsAddress): Promise<MetricsServer> {
    const metrics = new MetricsServer();
    try {
      metrics.#server.listen(port, host);
      await once(metrics.#server, 'listening');
      return metrics;
    } catch (cause) {
      const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
      const why = isTaken ? 'somebody else listens there' : reasonOf(cause);
      throw new DrumlineError('DRUM_METRICS_ADDRESS', `--metrics ${host}:${port} cannot be listened on: ${why}`, {
        cause,
      });
    }
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
  }

  /** From now on there is something to show. */
  show(source: () => MetricsSource): void {
    this.#source = source;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Drumline: the metrics are at /metrics\n');
    } else {
      const exposition = wanted(headers.accept);
      response.writeHead(200, { 'content-type': CONTENT_TYPES[exposition] }).end(this.#render(exposition));
    }
  }

  #render(exposition: Exposition): string {
    if (this.#source !== undefined) return renderMetrics(METRICS, this.#source(), exposition);
    return exposition === 'text' ? '' : '# EOF\n';
  }
}

const wanted = (accept = ''): Exposition => (accept.includes('application/openmetrics-text') ? 'openmetrics' : 'text');
