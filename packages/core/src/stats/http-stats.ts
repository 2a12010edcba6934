import type { Micros } from '../units/index.ts';
import { Histogram, type HistogramData } from './histogram.ts';

/** What the statistics need of one HTTP request. */
export interface HttpOutcome {
  /** Status code of the answer; 0 when no head of an answer came. */
  readonly status: number;
  /** Name look-up, connection and TLS handshake; absent when a connection was there. */
  readonly connect?: Micros | undefined;
  /** From the request on its way to the head of the answer; absent when none came. */
  readonly firstByte?: Micros | undefined;
}

/** The two phases of requests that are told apart. */
const PHASES = ['connect', 'firstByte'] as const;

/** Requests of one task by status, and how long their phases took. Cumulative. */
export interface HttpFigures<H = Histogram> {
  /** Answers by status code. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Of the requests that needed a new connection. */
  readonly connect: H;
  readonly firstByte: H;
}

/** Counts the requests of one task, in one OS thread or over several. */
export class HttpStats implements HttpFigures {
  readonly statuses = new Map<number, number>();
  readonly connect = new Histogram();
  readonly firstByte = new Histogram();

  record({ status, connect, firstByte }: HttpOutcome): void {
    if (status !== 0) this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (connect !== undefined) this.connect.record(connect);
    if (firstByte !== undefined) this.firstByte.record(firstByte);
  }

  /** Adds the figures of another OS thread. */
  merge(other: HttpFigures<HistogramData>): void {
    for (const [status, count] of other.statuses) this.#count(status, count);
    for (const phase of PHASES) this[phase].add(other[phase]);
  }

  /** Puts what a worker says now in the place of what it said before. */
  replace(before: HttpFigures | undefined, after: HttpFigures): void {
    for (const [status, count] of before?.statuses ?? []) this.#count(status, -count);
    for (const [status, count] of after.statuses) this.#count(status, count);
    for (const phase of PHASES) {
      if (before !== undefined) this[phase].subtract(before[phase]);
      this[phase].merge(after[phase]);
    }
  }

  /** A copy as plain data. */
  data(): HttpFigures<HistogramData> {
    return {
      statuses: new Map(this.statuses),
      connect: this.connect.data(),
      firstByte: this.firstByte.data(),
    };
  }

  #count(status: number, count: number): void {
    const sum = (this.statuses.get(status) ?? 0) + count;
    if (sum === 0) this.statuses.delete(status);
    else this.statuses.set(status, sum);
  }
}
