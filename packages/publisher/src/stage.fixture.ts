import { MemoryBus, MemoryFleet } from '@drumline/bus';
import type { Consumer } from '@drumline/core/bus';
import { VirtualClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { CommandGate, decodeReply, encodeCommand, newCommand, type Reply } from '@drumline/core/notify';
import { decodeRun, type RunRecord } from '@drumline/core/run';
import { type Instant, instant, micros, millis } from '@drumline/core/units';
import { type Batch, decodeElement } from '@drumline/core/wire';
import { planOf } from './plan.fixture.ts';
import { Publisher } from './publisher.ts';
import type { PremiereOptions } from './publisher-options.ts';
import type { RunOutcome } from './run-outcome.ts';

/** A batch, and when and where the worker of the stage found it. */
export interface Found {
  readonly batch: Batch;
  readonly at: Instant;
  readonly queue: number;
}

export const configOf = (threads: number): string => JSON.stringify({ table_name: 'table', threads });

const START = instant(1_700_000_000_000_000);
/** Virtual seconds after which a run that does not end has hung. */
const DEADLINE_S = 600;

/** A fleet in virtual time: a publisher to be tested, and a worker that acknowledges what it finds, as told. */
export class Stage {
  readonly clock: VirtualClock;
  readonly fleet: MemoryFleet;
  readonly bus: MemoryBus;
  readonly found: Found[] = [];
  readonly replies: Reply[] = [];
  /** Every message on the notify channel. */
  readonly commands: string[] = [];
  /** Whether the worker works now. */
  works = true;
  readonly #consumers: Consumer[] = [];

  constructor(clock: VirtualClock = new VirtualClock(START)) {
    this.clock = clock;
    this.fleet = new MemoryFleet(clock);
    this.bus = new MemoryBus(this.fleet);
  }

  async prepare(file: unknown, change: Partial<PremiereOptions> = {}, signal?: AbortSignal): Promise<Publisher> {
    await this.bus.onReport((message) => {
      const reply = decodeReply(message);
      if (reply !== undefined) this.replies.push(reply);
    });
    await this.bus.onNotify((message) => void this.commands.push(message));
    return Publisher.prepare(this.options(file, change), signal);
  }

  options(file: unknown, change: Partial<PremiereOptions> = {}): PremiereOptions {
    return {
      bus: new MemoryBus(this.fleet),
      clock: this.clock,
      plan: planOf(file),
      planText: JSON.stringify(file),
      configText: configOf(2),
      run: 'run1',
      host: 'here',
      pid: 1,
      scale: '1',
      speed: '1',
      lead: micros(50_000),
      backlog: { policy: 'warn', bound: micros(10_000_000) },
      workers: { count: 0, within: millis(0) },
      patience: millis(3_000),
      outage: millis(60_000),
      secret: undefined,
      gate: new CommandGate({ allow: new Set() }),
      drawSeed: () => 'drawn',
      log: silentLog,
      ...change,
    };
  }

  /** Lets virtual time pass, a millisecond at a time, and the worker work. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i += 1) {
      await this.clock.advance(micros(1_000));
      await this.work();
    }
  }

  /** Lets time pass until the run has ended. */
  async toEnd(running: Promise<RunOutcome>): Promise<RunOutcome> {
    let outcome: RunOutcome | undefined;
    void running.then((ended) => {
      outcome = ended;
    });
    for (let s = 0; s < DEADLINE_S * 100 && outcome === undefined; s += 1) await this.pass(10);
    if (outcome === undefined) throw new Error(`the run has not ended after ${DEADLINE_S} s`);
    return outcome;
  }

  /** Sends a command to whom it concerns, and lets it arrive. */
  async tell(cmd: string, args: Record<string, string> = {}, target?: string): Promise<Reply | undefined> {
    const command = await newCommand(this.bus, { cmd, args, target }, undefined);
    await this.bus.notify(encodeCommand(command));
    await this.pass(2);
    return this.replies.find(({ id }) => id === command.id);
  }

  async record(): Promise<RunRecord> {
    return decodeRun((await this.bus.readRun('run1')) ?? {});
  }

  /** Whether a command of this name was sent by anybody. */
  wasSent(cmd: string): boolean {
    return this.commands.some((message) => message.includes(`"cmd":"${cmd}"`));
  }

  /** Intended starts of all ops that were found, in ms since the first one. */
  intended(task = 0): number[] {
    const batches = this.found.map(({ batch }) => batch).filter((batch) => batch.task === task);
    const starts = batches.flatMap(({ at, span, count }) =>
      Array.from({ length: count }, (_, i) => (count === 1 ? at : at + (span * i) / (count - 1))),
    );
    starts.sort((a, b) => a - b);
    return starts.map((start) => (start - (starts[0] ?? 0)) / 1_000);
  }

  async work(): Promise<void> {
    if (!this.works) return;
    for (let queue = 0; queue < 8; queue += 1) {
      const consumer = this.#consumers[queue] ?? (await this.bus.consumer(queue, 'worker'));
      this.#consumers[queue] = consumer;
      await this.#workOn(consumer, queue);
    }
  }

  async #workOn(consumer: Consumer, queue: number): Promise<void> {
    const elements = await consumer.claim(100, millis(0));
    const acks = elements.flatMap((element) => {
      const read = decodeElement(element);
      if (read.kind !== 'batch') return [];
      const { run, task, count } = read.batch;
      this.found.push({ batch: read.batch, at: this.clock.now(), queue });
      return [{ element, run, task, ok: count, failed: 0, dropped: 0 }];
    });
    await consumer.ack(acks);
  }
}
