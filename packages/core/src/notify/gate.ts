import { DrumlineError } from '../errors/index.ts';
import { type Instant, instant, type Micros, micros } from '../units/index.ts';
import type { Command } from './command.ts';
import { isSignedWith } from './signature.ts';

/** Commands that reach beyond Drumline into the host. They need a secret and a place in `--allow`, always. */
export const DANGEROUS: ReadonlySet<string> = new Set(['execute_bash', 'reboot_instance', 'terminate_instance']);

type Refusal = 'DRUM_COMMAND_UNSIGNED' | 'DRUM_COMMAND_STALE' | 'DRUM_COMMAND_FORBIDDEN' | 'DRUM_COMMAND_FLOOD';

/** How far a signed command's `at` may lie from now, either way. */
export const SIGNATURE_WINDOW: Micros = micros(30_000_000);

export interface GateOptions {
  /** Shared by the fleet and those who may steer it; absent = harmless commands need no signature. */
  readonly secret?: string;
  /** Dangerous commands (see `DANGEROUS`, and those that plug-ins mark) that this process executes. */
  readonly allow: ReadonlySet<string>;
}

/** Nonces that are remembered at most; who knows the secret and sends more within a window is refused. */
const MOST_NONCES = 10_000;

/**
 * Decides whether a command may be executed.
 *
 * A signed command is executed once: its nonce is remembered until its `at` lies a window behind that of the newest
 * command that was admitted; from then on its age alone refuses it. That bound is made of signed instants only, so nobody can
 * have a command executed twice by turning a clock. A process that was started again remembers nothing; `listenFrom` keeps what
 * was sent before from being played to it.
 */
export class CommandGate {
  readonly #options: GateOptions;
  readonly #seen = new Map<string, Instant>();
  /** Commands that were sent before this are refused. */
  #floor: Instant = instant(0);

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Signed commands that were sent before `now` are refused from here on: they may have been executed already. */
  listenFrom(now: Instant): void {
    this.#raiseFloor(now);
  }

  /**
   * @param dangerous whether the command reaches beyond Drumline.
   * @throws DrumlineError DRUM_COMMAND_UNSIGNED, DRUM_COMMAND_STALE, DRUM_COMMAND_FLOOD or DRUM_COMMAND_FORBIDDEN.
   */
  admit(command: Command, now: Instant, dangerous: boolean): void {
    const { secret, allow } = this.#options;
    if (secret !== undefined) this.#verify(command, secret, now);
    else if (dangerous)
      throw refused('DRUM_COMMAND_UNSIGNED', `${command.cmd} needs a shared secret, and this process has none`);
    if (dangerous && !allow.has(command.cmd)) {
      throw refused(
        'DRUM_COMMAND_FORBIDDEN',
        `${command.cmd} is not among what --allow lists here (${[...allow].join(', ') || 'nothing'})`,
      );
    }
  }

  /** Whether the command carries this process's secret's signature: else what it says of its sender is only a claim. */
  isProven(command: Command): boolean {
    const { secret } = this.#options;
    return secret !== undefined && isSignedWith(command, secret);
  }

  /** How many nonces are kept. */
  get remembered(): number {
    return this.#seen.size;
  }

  #verify(command: Command, secret: string, now: Instant): void {
    if (!isSignedWith(command, secret)) throw refused('DRUM_COMMAND_UNSIGNED', `${command.cmd} ${lackOf(command)}`);
    const age = now - command.at;
    if (Math.abs(age) > SIGNATURE_WINDOW) {
      const when = age > 0 ? `${seconds(age)} ago` : `${seconds(-age)} in the future`;
      throw refused(
        'DRUM_COMMAND_STALE',
        `${command.cmd} was sent ${when}, at most ${seconds(SIGNATURE_WINDOW)} either way is accepted`,
      );
    }
    if (this.#seen.has(command.nonce))
      throw refused('DRUM_COMMAND_STALE', `${command.cmd} was executed before: its nonce is known`);
    if (command.at < this.#floor) {
      const late = `was sent ${seconds(this.#floor - command.at)} before what this process can remember`;
      throw refused('DRUM_COMMAND_STALE', `${command.cmd} ${late}: it has just started, or newer ones came first`);
    }
    if (this.#seen.size >= MOST_NONCES) {
      const bound = `${MOST_NONCES.toLocaleString('en-US')} in ${seconds(SIGNATURE_WINDOW)}`;
      throw refused('DRUM_COMMAND_FLOOD', `${command.cmd} is one command too many: at most ${bound} are executed`);
    }
    this.#seen.set(command.nonce, command.at);
    this.#raiseFloor(instant(Math.max(0, command.at - SIGNATURE_WINDOW)));
  }

  #raiseFloor(to: Instant): void {
    if (to <= this.#floor) return;
    this.#floor = to;
    for (const [nonce, at] of this.#seen) if (at < to) this.#seen.delete(nonce);
  }
}

/** Why a command's signature proves nothing. */
function lackOf({ sig, nonce }: Command): string {
  if (sig !== undefined) return 'has a signature that does not match';
  return nonce === '' ? 'came as plain text, which nobody can sign' : 'is not signed';
}

const seconds = (us: number): string => `${(us / 1e6).toFixed(1)} s`;

const refused = (code: Refusal, what: string): DrumlineError => new DrumlineError(code, what);
