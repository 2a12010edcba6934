import type { Op } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import { millisOf } from '@drumline/core/units';
import type { Client } from 'undici';
import { type Abort, type Executor, failed, type Outcome } from '../driver.ts';
import type { DriverOptions } from '../driver-options.ts';
import { answerChecks } from './answer-checks.ts';
import { Exchange, type ExchangeTerms } from './exchange.ts';
import { Origin } from './origin.ts';
import type { PlayedHttp } from './played-http.ts';
import { type RequestMaker, requestMaker } from './request-maker.ts';

const MAX_BODY = 16 * 1024 * 1024;
const CONNECT_TIMEOUT = 5_000;

/**
 * Executes the ops of http tasks, each of which is compiled once. Nothing is connected before the first op; connections
 * are kept alive and shared by the tasks. Redirects are not followed, answers not cached, and no failed request is sent
 * again: a load test counts what happens.
 */
export class HttpTarget {
  readonly #options: DriverOptions;
  readonly #origins = new Map<string, Origin>();
  readonly #executors = new WeakMap<PlayedHttp, Executor>();
  #last: { readonly task: PlayedHttp; readonly executor: Executor } | undefined;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** What executes the task's ops. Of a request that cannot be made (`DRUM_HTTP_NO_BASE`, …) every op fails with the code. */
  executorOf(task: PlayedHttp): Executor {
    if (this.#last?.task === task) return this.#last.executor;
    let executor = this.#executors.get(task);
    if (executor === undefined) {
      executor = this.#executor(task);
      this.#executors.set(task, executor);
    }
    this.#last = { task, executor };
    return executor;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#origins.values()].map((origin) => origin.close()));
  }

  #executor(task: PlayedHttp): Executor {
    try {
      const maker = requestMaker(task, this.#options);
      return new HttpExecutor(maker, {
        origin: this.#origin(maker.origin),
        method: maker.method,
        checks: answerChecks(task.http.checks),
        maxBody: this.#options.http?.maxBody ?? MAX_BODY,
        firstByte: task.http.request.firstByte === undefined ? 0 : Math.max(1, millisOf(task.http.request.firstByte)),
      });
    } catch (error) {
      if (!(error instanceof DrumlineError)) throw error;
      const outcome = failed(error.code);
      return { execute: () => Promise.resolve(outcome) };
    }
  }

  #origin(url: string): Origin {
    let origin = this.#origins.get(url);
    if (origin === undefined) {
      const { http, maxInFlight } = this.#options;
      origin = new Origin(url, clientOptions(this.#options), Math.min(http?.connections ?? maxInFlight, maxInFlight));
      this.#origins.set(url, origin);
    }
    return origin;
  }
}

/** Sends the requests of one task. */
class HttpExecutor implements Executor {
  readonly #maker: RequestMaker;
  readonly #terms: ExchangeTerms;

  constructor(maker: RequestMaker, terms: ExchangeTerms) {
    this.#maker = maker;
    this.#terms = terms;
  }

  execute(op: Op, abort: Abort): Promise<Outcome> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this.#terms, this.#maker.make(op), resolve);
      abort.onAbort(() => exchange.abort());
      exchange.begin();
    });
  }
}

function clientOptions({ http, tls }: DriverOptions): Client.Options {
  const timeout = http === undefined ? CONNECT_TIMEOUT : Math.max(1, millisOf(http.connectTimeout));
  return {
    pipelining: 1,
    allowH2: false,
    ...(http?.localAddress !== undefined && { localAddress: http.localAddress }),
    connect: {
      timeout,
      rejectUnauthorized: tls?.insecure !== true,
      ...(tls?.ca !== undefined && { ca: tls.ca }),
      ...(tls?.cert !== undefined && { cert: tls.cert }),
      ...(tls?.key !== undefined && { key: tls.key }),
    },
  };
}
