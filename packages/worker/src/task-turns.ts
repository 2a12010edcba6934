import type { TaskReport } from '@drumline/core/wire';

/** Reports that a task is told in after its last change: its send windows must be heard to be over. */
const TOLD_UNCHANGED = 10;

interface Turn {
  /** Sends and ends so far: grows with whatever happens to the task. */
  events: number;
  /** Reports since then. */
  unchanged: number;
  /** The last report that told of it; 0 = none. */
  told: number;
  /** Something has happened that no report has told. */
  news: boolean;
}

/**
 * Which tasks go into which report. Readers keep what they last heard of a task, so those that have been at rest for some
 * reports are left out; and when more than `most` want in, they take turns.
 */
export class TaskTurns {
  readonly #most: number;
  #turns = new Map<string, Turn>();
  #report = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The tasks of the next report, out of all that there are. */
  next(tasks: readonly TaskReport[]): TaskReport[] {
    this.#report += 1;
    const present = tasks.map((task) => ({ task, turn: this.#turnOf(task) }));
    this.#turns = new Map(present.map(({ task, turn }) => [nameOf(task), turn]));
    const wanted = present.filter(({ turn }) => turn.news || turn.unchanged < TOLD_UNCHANGED);
    if (wanted.length > this.#most) wanted.sort((a, b) => a.turn.told - b.turn.told);
    const told = wanted.slice(0, this.#most);
    for (const { turn } of told) Object.assign(turn, { told: this.#report, news: false });
    return told.map(({ task }) => task);
  }

  /** Whether something has happened that no report has told. */
  get hasNews(): boolean {
    return [...this.#turns.values()].some(({ news }) => news);
  }

  #turnOf(task: TaskReport): Turn {
    const { sent, ok, failed, dropped } = task.counters;
    const events = sent + ok + failed + dropped;
    const known = this.#turns.get(nameOf(task));
    if (known === undefined) return { events, unchanged: 0, told: 0, news: true };
    if (known.events === events) return { ...known, unchanged: known.unchanged + 1 };
    return { ...known, events, unchanged: 0, news: true };
  }
}

const nameOf = ({ run, task, action }: TaskReport): string => `${run}/${task}/${action}`;
