import type { Bus } from '../bus/index.ts';
import type { Clock } from '../clock/index.ts';
import type { Log } from '../log/index.ts';
import type { Instant } from '../units/index.ts';
import { encodeAudit, firstLine } from './audit.ts';
import { type Command, decodeCommand } from './command.ts';
import { type CommandSet, obey } from './command-set.ts';
import type { CommandGate } from './gate.ts';
import { encodeReply, type Reply } from './reply.ts';

export interface CommandPostOptions {
  readonly bus: Pick<Bus, 'report' | 'audit'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Who answers: a worker's id, or `publisher`. */
  readonly from: string;
  readonly gate: CommandGate;
  readonly commands: CommandSet;
  /** Leave commands that are not in `commands` and for everybody to others, instead of refusing them. */
  readonly leaveUnknown?: boolean;
  /** Id of the run that is on, for the audit log. */
  readonly run: () => Promise<string | undefined>;
  readonly log: Log;
}

/** Refusals that are answered, logged and audited at once; and a second, on average. The rest is only counted. */
const REFUSALS_AT_ONCE = 20;
const REFUSALS_A_SECOND = 2;

/**
 * Where a process receives commands: each is judged, executed, answered, logged, and written into the audit log. Who
 * may not command can make it write only so much: refusals beyond a rate are counted and neither answered nor written.
 */
export class CommandPost {
  readonly #options: CommandPostOptions;
  #allowance = REFUSALS_AT_ONCE;
  #refilled: Instant;
  #refused = 0;
  #unwritten = 0;

  constructor(options: CommandPostOptions) {
    this.#options = options;
    this.#refilled = options.clock.now();
  }

  /** Messages that were no command, or that the gate has refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Never rejects: a message from anybody cannot end the process. */
  async receive(message: string): Promise<void> {
    const { clock, from, gate, commands, leaveUnknown = false, log } = this.#options;
    const now = clock.now();
    let command: Command;
    try {
      command = decodeCommand(message, now);
    } catch (error) {
      if (this.#mayWriteRefusal(now)) log.warn({ err: error, refused: this.#refused }, 'a command could not be read');
      return;
    }
    if (leaveUnknown && command.target === undefined && !Object.hasOwn(commands, command.cmd)) return;
    const begins: Reply = { kind: 'reply', id: command.id, from, ok: true, message: 'begins' };
    const reply = await obey(command, from, commands, gate, now, () => this.#audit(command, begins));
    if (reply === undefined || (isRefusal(reply) && !this.#mayWriteRefusal(now))) return;
    log.info({ by: command.by, ok: reply.ok }, `command ${command.cmd}: ${firstLine(reply.message)}`);
    await Promise.all([this.#answer(reply), this.#audit(command, reply)]);
  }

  /** Counts a refusal. */
  #mayWriteRefusal(now: Instant): boolean {
    this.#refused += 1;
    const gained = (Math.max(0, now - this.#refilled) / 1e6) * REFUSALS_A_SECOND;
    this.#allowance = Math.min(REFUSALS_AT_ONCE, this.#allowance + gained);
    this.#refilled = now;
    if (this.#allowance < 1) {
      this.#unwritten += 1;
      return false;
    }
    this.#allowance -= 1;
    return true;
  }

  async #answer(reply: Reply): Promise<void> {
    try {
      await this.#options.bus.report(encodeReply(reply));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a command could not be answered');
    }
  }

  async #audit(command: Command, reply: Reply): Promise<void> {
    const { bus, gate, run, log } = this.#options;
    const unwritten = this.#unwritten;
    this.#unwritten = 0;
    try {
      const circumstances = { proven: gate.isProven(command), run: await run(), unwritten };
      await bus.audit(encodeAudit(command, reply, circumstances));
    } catch (error) {
      log.warn({ err: error }, 'a command could not be written into the audit log');
    }
  }
}

const isRefusal = ({ code }: Reply): boolean =>
  code === 'DRUM_COMMAND_UNSIGNED' || code === 'DRUM_COMMAND_STALE' || code === 'DRUM_COMMAND_FLOOD';
