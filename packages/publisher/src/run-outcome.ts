import type { DrumlineError } from '@drumline/core/errors';
import type { LedgerEntry } from '@drumline/core/ledger';
import type { RunState } from '@drumline/core/run';
import type { Histogram } from '@drumline/core/stats';
import type { Instant, Micros } from '@drumline/core/units';
import type { BacklogState } from './backlog.ts';
import type { HeldUpBy } from './backlog-guard.ts';
import type { Resumed } from './cast.ts';
import type { PlannedWindows } from './planned-windows.ts';
import type { Span } from './score.ts';

/** How the run ended, and what only its publisher knows of it. */
export interface RunOutcome {
  readonly run: string;
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  readonly state: RunState;
  readonly error: DrumlineError | undefined;
  /** The run goes on without this publisher, or can: nothing about it was ended. */
  readonly isLeft: boolean;
  readonly entries: readonly LedgerEntry[];
  readonly started: Instant;
  readonly ended: Instant;
  /** Actual minus due instant of every beat, µs. */
  readonly beatError: Histogram;
  readonly planned: PlannedWindows;
  /** When each task that began did so, and when its schedule ended or was cut. */
  readonly spans: ReadonlyMap<number, Span>;
  readonly queues: number;
  /** Where this publisher took the run over from another one, if it did. */
  readonly resumed: Resumed | undefined;
}

/** What a live display shows. */
export interface PublisherStatus {
  readonly state: RunState;
  readonly elapsed: Micros;
  readonly factor: string;
  readonly queues: readonly number[];
  readonly backlog: Micros;
  readonly backlogState: BacklogState;
  /** What publishing waits for, if it pauses for a backlog. */
  readonly heldUpBy: HeldUpBy | undefined;
  readonly tasks: readonly TaskStatus[];
}

export interface TaskStatus {
  readonly task: number;
  readonly action: string;
  readonly running: boolean;
  /** Since its first beat began. */
  readonly elapsed: Micros;
  readonly published: number;
  readonly total: number;
  /** Planned ops per second now, live factors included. */
  readonly qps: number;
}
