import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { CommandGate } from '@drumline/core/notify';
import type { Plan } from '@drumline/core/plan';
import type { Micros, Millis } from '@drumline/core/units';
import type { BacklogPolicy } from './backlog.ts';
import type { GapPolicy } from './gap.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** Set to the fleet's time, and kept there. */
  readonly clock: Clock;
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  /** How far ahead of its first op a beat's batches are on the queues. */
  readonly lead: Micros;
  readonly backlog: { readonly policy: BacklogPolicy; readonly bound: Micros };
  /**
   * How long outcomes may stay away, while there is nothing to do but to wait for them, before the run counts as
   * incomplete. An op's time-out comes on top.
   */
  readonly patience: Millis;
  /** How long Redis may have no memory for what is to be published. How long it may be away is for the bus to say. */
  readonly outage: Millis;
  readonly secret: string | undefined;
  readonly gate: CommandGate;
  readonly log: Log;
}

/** A run that is played for the first time. */
export interface PremiereOptions extends PublisherOptions {
  readonly plan: Plan;
  /** The traffic file's text, kept with the run. */
  readonly planText: string;
  readonly configText: string;
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  /** Workers to wait for before the first beat, and how long. */
  readonly workers: { readonly count: number; readonly within: Millis };
  /** A fresh seed, for tasks that name none. */
  readonly drawSeed: () => string;
}

/** A run whose publisher has died. What it plays is in the run's record, and the config in the bus. */
export interface TakeoverOptions extends PublisherOptions {
  readonly gap: GapPolicy;
}
