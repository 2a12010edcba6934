import type { Config } from '@drumline/core/config';
import type { Pauses, RunState } from '@drumline/core/run';
import type { Dispatcher } from './dispatcher.ts';
import type { Fleet } from './fleet.ts';
import type { Gap } from './gap.ts';
import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import type { PlannedWindows } from './planned-windows.ts';
import type { Piece, Score } from './score.ts';

/** The config in force: a command can change it. */
export interface Settings {
  config: Config;
}

/** A run that was begun or taken over, and all that goes on with it. */
export interface Cast {
  readonly lease: Lease;
  readonly fleet: Fleet;
  readonly settings: Settings;
  readonly piece: Piece;
  readonly score: Score;
  readonly journal: Journal;
  readonly dispatcher: Dispatcher;
  readonly planned: PlannedWindows;
  /** By command: workers obey them too. When the axis stands for a backlog, they go on. */
  readonly pauses: Pauses;
  readonly state: Exclude<RunState, 'paused'>;
  readonly resumed: Resumed | undefined;
}

/** Where a run was taken over. */
export interface Resumed {
  /** The first beat that the new publisher decides about. */
  readonly beat: number;
  readonly gap: Gap;
  /** Where the checkpoint was: the planned ops of each 100 ms are known from that beat on. */
  readonly checkpoint: number;
}
