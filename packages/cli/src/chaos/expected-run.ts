import { itemsPerOp, OpDigest, OpSource, streamChoice } from '@drumline/core/data';
import type { ColumnSpec, PlanNode } from '@drumline/core/plan';
import { type RunTask, slotDraw } from '@drumline/core/run';
import { FIRST_REPEAT, nextRepeat, type ScheduleSpec, scheduleOf, specOf } from '@drumline/core/schedule';
import { type Micros, micros } from '@drumline/core/units';

/** What a task comes to when nothing goes wrong, from the plan alone: no queue, worker or ledger was asked. */
export interface ExpectedTask {
  readonly task: number;
  readonly action: string;
  /** Ops in all repeats. */
  readonly ops: number;
  /** Sum over all these ops, as `OpDigest` writes it. */
  readonly digest: string;
}

export interface PlayFactors {
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  readonly batchOps: number;
}

/** Ops that are made at once: enough that a batch costs nothing, few enough that no memory is held. */
const CHUNK = 1_000;

/** Every op of a task, executed on paper: the number of them and the digest that workers must arrive at. */
export function expectedTask(
  task: RunTask,
  index: number,
  factors: PlayFactors,
  sampleData: readonly (readonly ColumnSpec[])[],
): ExpectedTask {
  const source = new OpSource(task, sampleData);
  const digest = new OpDigest();
  let ops = 0;
  for (const count of repeatCounts(task, factors)) {
    digestRepeat(task, index, count, source, digest);
    ops += count;
  }
  return { task: index, action: task.action, ops, digest: digest.toString() };
}

function digestRepeat(task: RunTask, index: number, count: number, source: OpSource, digest: OpDigest): void {
  const choice = streamChoice(task);
  const positions = new Float64Array(choice?.size ?? 0);
  const perOp = itemsPerOp(task);
  const anyTime = new Float64Array(CHUNK);
  for (let first = 0; first < count; first += CHUNK) {
    const batch = { first, count: Math.min(CHUNK, count - first) };
    for (const op of source.ops(choice ? { ...batch, positions: [...positions] } : batch, anyTime))
      digest.add(index, op);
    choice?.advance(positions, first * perOp, batch.count * perOp);
  }
}

/** Ops of each repeat. */
function repeatCounts(task: RunTask, factors: PlayFactors): number[] {
  const spec = specOf(task, { ...factors, phase: micros(0) });
  const counts: number[] = [];
  let position = FIRST_REPEAT;
  for (let repeat = 0; repeat < task.repeat; repeat += 1) {
    const { ops, end } = playThrough(spec, task, repeat, position.start);
    counts.push(ops);
    position = { ...position, start: end };
  }
  return counts;
}

/** Walks one repeat's beats where only that tells how many ops there are; asks the schedule where it knows. */
function playThrough(spec: ScheduleSpec, task: RunTask, repeat: number, start: Micros): { ops: number; end: Micros } {
  const schedule = scheduleOf({ ...spec, start }, slotDraw(task.seed, repeat));
  if (schedule.arrivals === 'even') return { ops: schedule.total, end: micros(start + schedule.end) };
  const cursor = schedule.from();
  while (!cursor.done) cursor.next();
  const next = nextRepeat(schedule, { ...FIRST_REPEAT, repeat, start, ...cursor.position });
  return { ops: cursor.position.ops, end: next.start };
}

/** Whether the plan alone says how many ops a task has: one that follows the wall clock's hours depends on its start. */
export const isFixed = ({ qpss, clock, duration }: Pick<RunTask, 'qpss' | 'clock' | 'duration'>): boolean =>
  qpss === undefined || clock === 'run' || duration === undefined;

/** How long the plan takes when every op is answered at once. Infinite when one of its tasks is. */
export function spanOf(root: PlanNode, factors: PlayFactors): Micros {
  if (root.kind === 'task') {
    const spec = specOf(root, { ...factors, phase: micros(0) });
    return micros(scheduleOf(spec).end * root.repeat);
  }
  const spans = root.members.map((member) => spanOf(member, factors));
  return micros(root.kind === 'sequence' ? spans.reduce((sum, span) => sum + span, 0) : Math.max(...spans));
}
