import type { Config } from '@drumline/core/config';
import type { ErrorCode } from '@drumline/core/errors';
import type { Pause } from '@drumline/core/run';
import type { SecondMark, TaskSnapshot } from '@drumline/core/stats';
import type { Instant, Micros } from '@drumline/core/units';
import type { DriverOptions } from '@drumline/targets';
import type { LoopDelayFigures } from '../engine/loop-delay.ts';

/** What an engine is started with. Plain data: it crosses to an OS thread. */
export interface EngineSetup {
  /** The worker's id. Engines of one worker never share a queue. */
  readonly worker: string;
  /**
   * The name of its consumers, on each queue. The same for all engines of one worker process, so that what a crashed one had claimed last
   * comes to its successor; never used by another process, so that two that share an id by mistake do not share lists.
   */
  readonly thread: string;
  /** Memory of the worker's `Lease`. */
  readonly lease: SharedArrayBuffer;
  readonly settings: EngineSettings;
  /** The queues that this engine's threads consume. */
  readonly queues: readonly number[];
  readonly pauses: readonly Pause[];
  /** Runs that were stopped: unsent ops of theirs are let go. */
  readonly stopped: readonly string[];
  /** Acknowledge batches with a digest of their ops, to be compared between fleets. */
  readonly digest: boolean;
}

/** What `update_config` may change while ops are under way. */
export interface EngineSettings {
  readonly config: Config;
  readonly driver: DriverOptions;
}

export type EngineCommand =
  | { readonly kind: 'queues'; readonly queues: readonly number[] }
  /** Answered by `settled` or `refused`, in the order of the commands. */
  | { readonly kind: 'settings'; readonly settings: EngineSettings }
  | { readonly kind: 'pause' | 'resume'; readonly at: Instant }
  /** Let unsent ops of the run go, present and future ones. */
  | { readonly kind: 'stop'; readonly run: string }
  /** End: finish what is claimed, or give back what is not begun. */
  | { readonly kind: 'drain' | 'leave' }
  | { readonly kind: 'report'; readonly id: number };

export type EngineMessage =
  | { readonly kind: 'ready' }
  /** It could not start, or settings could not be applied: the driver did not open. It goes on with what it had, if anything. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined }
  /** Answers `settings`. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'report'; readonly id: number; readonly report: EngineReport }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly text: string;
    }
  /** Everything in hand has ended: the last figures. No message follows. */
  | { readonly kind: 'ended'; readonly report: EngineReport };

export interface EngineTask {
  /** Empty for ops of the original's form. */
  readonly run: string;
  readonly task: number;
  readonly action: string;
  readonly stats: TaskSnapshot;
}

/** One engine's figures, cumulative. */
export interface EngineReport {
  readonly tasks: readonly EngineTask[];
  /** The seconds of about the last minute in which it sent or ended ops. */
  readonly seconds: readonly SecondMark[];
  readonly queues: readonly number[];
  readonly inFlight: number;
  readonly pending: number;
  readonly buried: number;
  readonly clockBar: Micros;
  /** Event-loop delay since the report before, ms. */
  readonly loopDelay: LoopDelayFigures;
}
