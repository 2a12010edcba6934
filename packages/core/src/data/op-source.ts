import { DrumlineError } from '../errors/index.ts';
import { Block, DOMAIN, draw, type Stream, StreamChoice, streamOf } from '../keys/index.ts';
import type { Action, ColumnSpec, Task } from '../plan/plan.ts';
import { instant } from '../units/index.ts';
import type { Batch } from '../wire/batch.ts';
import type { Item, Op } from './op.ts';
import { RowSource, rowTemplate } from './row-template.ts';

/** What of a task decides its ops' keys and data. The seed has been drawn. */
export type TaskData = Pick<Task, 'action' | 'seeds' | 'offset' | 'samples' | 'data' | 'limit'> & {
  readonly seed: string;
};

const BATCH_ACTIONS: ReadonlySet<Action> = new Set(['batchGetItem', 'batchGetSubItem', 'batchPutItem']);
/** They write columns or name them; the others need columns only to check what they read. */
const COLUMN_ACTIONS: ReadonlySet<Action> = new Set([
  'putItem',
  'updateItem',
  'getSubItem',
  'batchPutItem',
  'batchGetSubItem',
]);

/** Items of each op of a task: `samples` for batch actions, else 1. */
export function itemsPerOp(task: Pick<TaskData, 'action' | 'samples'>): number {
  return BATCH_ACTIONS.has(task.action) ? task.samples : 1;
}

/**
 * Which stream each item of a task with `seeds` belongs to; `undefined` for a task with one stream. A publisher moves
 * positions past ops `first`…`first + count − 1` by `advance(positions, first · itemsPerOp, count · itemsPerOp)`.
 */
export function streamChoice(task: Pick<TaskData, 'seed' | 'seeds'>): StreamChoice | undefined {
  return task.seeds && new StreamChoice(streamOf(task.seed), task.seeds);
}

/** One stream of a task and what goes with its keys. */
interface Lane {
  readonly stream: Stream;
  readonly rows: RowSource;
}

/**
 * Makes the ops of a task. Op n has items m = n · itemsPerOp and on; item m is key offset + m of the stream `seed`, or,
 * with `seeds`, key offset + p of the stream that the choosing stream picks for m, p being how often it was picked by
 * the items before. The row is a function of that stream and key index alone (see `RowSource`).
 *
 * A batch action's rows are fresh ones, since its `samples` is its number of items: it meets the columns of single-item
 * tasks with samples 0, and of every batch task.
 */
export class OpSource {
  readonly #task: TaskData;
  readonly #perOp: number;
  readonly #lanes: readonly Lane[];
  readonly #choice: StreamChoice | undefined;
  readonly #block = new Block();

  /** @param sampleData the config's rows, for a task without `data` whose action needs columns */
  constructor(task: TaskData, sampleData: readonly (readonly ColumnSpec[])[]) {
    const rows = task.data ? [task.data] : COLUMN_ACTIONS.has(task.action) ? sampleData : [];
    const template = rowTemplate(rows);
    const samples = BATCH_ACTIONS.has(task.action) ? 0 : task.samples;
    const seeds = task.seeds ? task.seeds.map((_, i) => String(i + 1)) : [task.seed];
    this.#task = task;
    this.#perOp = itemsPerOp(task);
    this.#choice = streamChoice(task);
    this.#lanes = seeds.map(streamOf).map((stream) => ({ stream, rows: new RowSource(template, stream, samples) }));
  }

  /**
   * The ops of a batch, in order.
   *
   * @param intended instants, one an op
   * @throws DrumlineError DRUM_ELEMENT_INVALID when the batch's positions are not those of this task at its first op
   */
  ops(batch: Pick<Batch, 'first' | 'count' | 'positions'>, intended: ArrayLike<number>): Op[] {
    const { action, limit } = this.#task;
    const perOp = this.#perOp;
    const positions = this.#positionsAt(batch);
    const ops: Op[] = [];
    for (let i = 0; i < batch.count; i++) {
      const n = batch.first + i;
      const items: Item[] = [];
      for (let j = 0; j < perOp; j++) items.push(this.#item(n * perOp + j, positions));
      ops.push({ action, n, intended: instant(intended[i]!), items, limit });
    }
    return ops;
  }

  #item(m: number, positions: Float64Array): Item {
    const picked = this.#choice?.pick(m) ?? 0;
    const position = positions[picked]!;
    positions[picked] = position + 1;
    const { stream, rows } = this.#lanes[picked]!;
    const index = this.#task.offset + position;
    draw(this.#block.words, stream, index, DOMAIN.key, 0);
    const word = this.#block.words[0]!;
    return { key: this.#block.hex(), word, row: rows.rowAt(index) };
  }

  /** How often each stream was picked by the items before the batch; one stream was picked by all of them. */
  #positionsAt(batch: Pick<Batch, 'first' | 'positions'>): Float64Array {
    const items = batch.first * this.#perOp;
    if (this.#choice === undefined) return Float64Array.of(items);
    const positions = batch.positions ?? (items === 0 ? Array.from({ length: this.#choice.size }, () => 0) : []);
    const sum = positions.reduce((total, position) => total + position, 0);
    if (positions.length === this.#choice.size && sum === items) return Float64Array.from(positions);
    throw new DrumlineError(
      'DRUM_ELEMENT_INVALID',
      `the batch's positions are ${JSON.stringify(batch.positions)}, expected ${this.#choice.size} with the sum ${items}`,
    );
  }
}
