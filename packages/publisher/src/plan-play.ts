import type { PlanNode, Task } from '@drumline/core/plan';
import { BEAT, type Micros, micros } from '@drumline/core/units';
import type { DueBatch, TaskPlay } from './task-play.ts';

/** A batch with the run's beat at which its task's own time began. */
export interface RunBatch extends DueBatch {
  readonly startBeat: number;
}

/** A task's play, and the run's beat at which its own time began. */
export interface StartedTask {
  readonly play: TaskPlay;
  readonly beat: number;
}

/** What the player needs of its surroundings. */
export interface Stage {
  /** What is being played of the task already, if anything; else starts it at the given beat of the run. */
  startTask(task: Task, beat: number): StartedTask;
  /** The task has begun. */
  hasStarted(task: Task): boolean;
  /** Every op that was published of the task has its outcome. */
  isSettled(task: number): boolean;
  /** Whether a member of a sequence, which begins with the task `first`, begins at the given beat. */
  mayBegin(first: Task, beat: number, isBeforeOver: () => boolean): boolean;
}

/** A node of the plan while it is played. */
interface Part {
  play(beat: number, into: RunBatch[]): void;
  /** Everything is out, and everything that is out has its outcome. */
  readonly isOver: boolean;
  /** The tasks that play now. */
  running(): TaskPlay[];
}

/**
 * Walks the plan's tree beat by beat. Members of a sequence play one after the other, each from the beat at which the one
 * before is over: all its ops have their outcomes. So a task that reads what the one before wrote finds all of it. Members
 * of a group play at the same time; the group is over when all of them are.
 */
export class PlanPlay {
  readonly #root: Part;

  /** @param beat at which what has not begun yet does: the run's beginning, when nothing has. */
  constructor(root: PlanNode, stage: Stage, beat = 0) {
    this.#root = partOf(root, stage, beat);
  }

  get isOver(): boolean {
    return this.#root.isOver;
  }

  running(): TaskPlay[] {
    return this.#root.running();
  }

  /** The batches of a beat of the run. Beats are asked for in their order. */
  play(beat: number): RunBatch[] {
    const batches: RunBatch[] = [];
    this.#root.play(beat, batches);
    return batches;
  }
}

function partOf(node: PlanNode, stage: Stage, beat: number): Part {
  if (node.kind === 'task') return leaf(node, stage, beat);
  if (node.kind === 'sequence') return sequence(node.members, stage, beat);
  const members = node.members.map((member) => partOf(member, stage, beat));
  return {
    play: (now, into) => members.forEach((member) => member.play(now, into)),
    get isOver() {
      return members.every((member) => member.isOver);
    },
    running: () => members.flatMap((member) => member.running()),
  };
}

function leaf(node: Task, stage: Stage, now: number): Part {
  const { play: task, beat: startBeat } = stage.startTask(node, now);
  const untilOf = (beat: number): Micros => micros((beat + 1 - startBeat) * BEAT);
  return {
    play: (beat, into) => {
      for (const batch of task.play(untilOf(beat))) into.push({ ...batch, startBeat });
    },
    get isOver() {
      return task.isDone && stage.isSettled(task.task);
    },
    running: () => (task.isDone ? [] : [task]),
  };
}

function sequence(members: readonly PlanNode[], stage: Stage, beat: number): Part {
  // A later member that has begun already says that those before it are over.
  const begun = members.findLastIndex((member) => firstTasks(member).some((task) => stage.hasStarted(task)));
  const [first, ...rest] = members.slice(Math.max(0, begun));
  if (first === undefined) return { play: () => undefined, isOver: true, running: () => [] };
  let current = partOf(first, stage, beat);
  const isOver = (): boolean => current.isOver;
  return {
    play: (now, into) => {
      const [next] = rest;
      const [task] = next === undefined ? [] : firstTasks(next);
      if (next !== undefined && task !== undefined && stage.mayBegin(task, now, isOver)) {
        rest.shift();
        current = partOf(next, stage, now);
      }
      current.play(now, into);
    },
    get isOver() {
      return rest.length === 0 && current.isOver;
    },
    running: () => current.running(),
  };
}

/** The tasks that begin when the node does. */
function firstTasks(node: PlanNode): readonly Task[] {
  if (node.kind === 'task') return [node];
  if (node.kind === 'group') return node.members.flatMap(firstTasks);
  const [first] = node.members;
  return first === undefined ? [] : firstTasks(first);
}
