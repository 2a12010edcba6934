import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '@drumline/core/clock';
import { OpDigest, OpSource } from '@drumline/core/data';
import { readPlan } from '@drumline/core/plan';
import { millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';
import { type RunningDrumline, type RunningRedis, startDrumline, startRedis } from '@drumline/test/servers';
import { type Benchmark, percentile } from './benchmark.ts';
import { Child } from './child.ts';
import { configText, UPDATE } from './prefilled.ts';
import type { RedeliveryAnswer, RedeliveryQuestion } from './processes/redelivery-target.ts';
import { figure, printTable } from './table.ts';

const THREADS = 10;
/** Small batches, which every worker holds some of at any time: one that dies with empty hands says nothing about redelivery. */
const BATCH_OPS = 20;
/** s of a run after the kill: longer than redelivery may take, so that the fleet is under its whole load all the while. */
const AFTER = 7;
/** ns. What the killed worker had sent may still be on its way; nobody can have been given its batches so early. */
const EARLIEST = 1_000_000_000n;

/** What one kill led to. */
interface Outcome {
  /** s from the signal to the arrival of the first op of a batch that the worker held; `undefined`: it held nothing. */
  readonly redelivery: number | undefined;
  readonly batches: number;
  readonly counted: number;
  readonly seen: number;
  readonly balanced: boolean;
  readonly sameDigest: boolean;
}

/** Kills one of several workers, again and again: does every run balance, and how long is what it held delayed? */
export const redelivery: Benchmark = {
  name: 'redelivery',
  about: 'SIGKILL of one of several workers: balance of the run, and time until what it held is executed by others',
  options: { kills: 3, qps: 20_000, workers: 4, seed: 1 },
  async run(option) {
    await using redis = await startRedis();
    const fleet = await Fleet.start(redis, option('workers'), option('qps'));
    const outcomes: Outcome[] = [];
    try {
      const random = randomOf(option('seed'));
      for (let kill = 0; kill < option('kills'); kill += 1) outcomes.push(await fleet.play(random));
    } finally {
      await fleet.stop();
    }
    print(outcomes, option);
  },
};

function print(outcomes: readonly Outcome[], option: (name: string) => number): void {
  const times = outcomes.flatMap(({ redelivery: time }) => time ?? []).sort((a, b) => a - b);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const all = `of ${outcomes.length}`;
  printTable(
    `${option('kills')} kills of 1 of ${option('workers')} workers at ${figure(option('qps'))} ops/s, one a run`,
    ['figure', 'seen'],
    [
      ['ledger balances, exit 0', `${outcomes.filter(({ balanced }) => balanced).length} ${all}`],
      ['digest as undisturbed, each op arrived', `${outcomes.filter(({ sameDigest }) => sameDigest).length} ${all}`],
      ['redelivery, s: p50', figure(percentile(times, 50), 2)],
      ['redelivery, s: p99', figure(percentile(times, 99), 2)],
      ['redelivery, s: max', figure(times.at(-1) ?? Number.NaN, 2)],
      ['kills of a worker that held nothing', outcomes.length - times.length],
      ['batches that were held, all kills', sum(({ batches }) => batches)],
      ['ops counted as duplicates, all kills', sum(({ counted }) => counted)],
      ['ops that the target saw twice, all kills', sum(({ seen }) => seen)],
    ],
    [
      'Redelivery: from the SIGKILL until the target read the first op of a batch that the killed worker had claimed and not acknowledged. Aim: p99 ≤ 6 s.',
      'Duplicates are an upper bound: an op counts when its worker may have sent it. Every run checks that at least as many are counted as were seen.',
    ],
  );
}

/** A publisher's workers, their Redis, and their target. */
class Fleet {
  readonly #redis: RunningRedis;
  readonly #target: Child<RedeliveryQuestion, RedeliveryAnswer>;
  readonly #folder: string;
  readonly #qps: number;
  readonly #workers: RunningDrumline[] = [];
  #started = 0;

  private constructor(
    redis: RunningRedis,
    target: Child<RedeliveryQuestion, RedeliveryAnswer>,
    folder: string,
    qps: number,
  ) {
    this.#redis = redis;
    this.#target = target;
    this.#folder = folder;
    this.#qps = qps;
  }

  static async start(redis: RunningRedis, workers: number, qps: number): Promise<Fleet> {
    const target = await Child.start<RedeliveryQuestion, RedeliveryAnswer>('redelivery-target', {});
    const folder = await mkdtemp(join(tmpdir(), 'drumline-redelivery-'));
    const config = JSON.stringify({ ...JSON.parse(configText(THREADS, THREADS * 1_000)), batch_ops: BATCH_OPS });
    await writeFile(join(folder, 'config.json'), config);
    await redis.cli('SET', 'bench_cfg', config);
    const fleet = new Fleet(redis, target, folder, qps);
    for (let i = 0; i < workers; i += 1) fleet.#workers.push(fleet.#worker());
    return fleet;
  }

  /** One run in which one worker is killed. */
  async play(random: () => number): Promise<Outcome> {
    const victim = Math.floor(random() * this.#workers.length);
    const wait = 1 + random() * 2;
    await Promise.all(this.#workers.map((worker) => worker.prints(/worker is ready/)));
    await this.#target.ask({ kind: 'reset' });
    const times = Math.round(this.#qps * (wait + AFTER));
    const publisher = await this.#publisher(times);
    await this.#untilPublished();
    await delay(millis(wait * 1_000));
    const killed = process.hrtime.bigint();
    await this.#workers[victim]?.kill();
    const name = `w${victim}-`;
    const held = await this.#held(name);
    await this.#target.ask({ kind: 'watch', keys: held.flatMap(keysOf), from: killed + EARLIEST });
    this.#workers[victim] = this.#worker(victim);
    const { code, out, err } = await publisher.ended;
    const { seen, repeated, keys } = await this.#target.ask({ kind: 'say' });
    if (out === '') throw new Error(`the publisher ended with ${code}: ${err}`);
    const summary = JSON.parse(out) as Summary;
    const { planned, duplicate } = summary.ledger;
    return {
      redelivery: seen === undefined ? undefined : Number(seen - killed) / 1e9,
      batches: held.length,
      counted: duplicate,
      seen: repeated,
      balanced: code === 0 && summary.balanced && planned === times && duplicate >= repeated,
      sameDigest: keys === times && summary.tasks[0]?.digest === digestOf(times),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.#target.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Each has a name that no other had, as the hosts of a fleet have. */
  #worker(place = this.#workers.length): RunningDrumline {
    this.#started += 1;
    const target = ['--db', 'redis', '--endpoint', `127.0.0.1:${String(this.#target.hello)}`];
    const own = ['--id', `w${place}-${this.#started}`, '--engines', '1', '--digest'];
    return startDrumline(['worker', ...this.#reach, ...target, ...own]);
  }

  async #publisher(times: number): Promise<RunningDrumline> {
    const [config, traffic] = [join(this.#folder, 'config.json'), join(this.#folder, 'traffic.json')];
    await writeFile(traffic, JSON.stringify([{ ...UPDATE, qps: this.#qps, times }]));
    const files = ['--config', config, '--traffic', traffic];
    return startDrumline(['publisher', ...this.#reach, ...files, '--workers', String(this.#workers.length), '--json']);
  }

  get #reach(): string[] {
    return ['--redis', this.#redis.url, '--prefix', 'bench', '--log-level', 'info'];
  }

  async #untilPublished(): Promise<void> {
    while ((await this.#target.ask({ kind: 'say' })).keys === 0) await delay(millis(20));
  }

  /** What the worker had claimed when it died. */
  async #held(name: string): Promise<string[]> {
    const lists = await this.#redis.cli('KEYS', `{bench_q*}:w:${name}*`);
    return (await Promise.all(lists.map((list) => this.#redis.cli('LRANGE', list, '0', '-1')))).flat();
  }
}

/** What of `drumline publisher --json` is looked at. */
interface Summary {
  readonly balanced: boolean;
  readonly ledger: { readonly planned: number; readonly duplicate: number };
  readonly tasks: readonly { readonly digest?: string }[];
}

const [TASK] = readPlan(JSON.stringify([{ ...UPDATE, qps: 1, times: 1 }]), 'bench').tasks;

function opsOf(first: number, count: number): ReturnType<OpSource['ops']> {
  if (TASK === undefined) throw new Error('there is no task');
  return new OpSource({ ...TASK, seed: '1' }, []).ops({ first, count }, new Float64Array(count));
}

function keysOf(element: string): string[] {
  const read = decodeElement(element);
  if (read.kind !== 'batch') return [];
  return opsOf(read.batch.first, read.batch.count).map(({ items }) => items[0]?.key ?? '');
}

/** The digest of an undisturbed run of so many ops. */
function digestOf(count: number): string {
  const digest = new OpDigest();
  for (let first = 0; first < count; first += 1_000) {
    for (const op of opsOf(first, Math.min(1_000, count - first))) digest.add(0, op);
  }
  return digest.toString();
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}
