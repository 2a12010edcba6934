import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { CommandGate } from '@drumline/core/notify';
import type { Plan } from '@drumline/core/plan';
import type { Micros, Millis } from '@drumline/core/units';
import type { BacklogPolicy } from './backlog.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** Set to the fleet's time, and kept there. */
  readonly clock: Clock;
  readonly plan: Plan;
  /** The traffic file's text, kept with the run. */
  readonly planText: string;
  readonly configText: string;
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  /** How far ahead of its first op a beat's batches are on the queues. */
  readonly lead: Micros;
  readonly backlog: { readonly policy: BacklogPolicy; readonly bound: Micros };
  /** Workers to wait for before the first beat, and how long. */
  readonly workers: { readonly count: number; readonly within: Millis };
  /**
   * How long outcomes may stay away, while there is nothing to do but to wait for them, before the run counts as
   * incomplete. An op's time-out comes on top.
   */
  readonly patience: Millis;
  readonly secret: string | undefined;
  readonly gate: CommandGate;
  /** A fresh seed, for tasks that name none. */
  readonly drawSeed: () => string;
  readonly log: Log;
}
