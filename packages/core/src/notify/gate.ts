import { DrumlineError } from '../errors/index.ts';
import { type Instant, type Micros, micros } from '../units/index.ts';
import type { Command } from './command.ts';
import { isSignedWith } from './signature.ts';

/** Commands that reach beyond Drumline into the host. They need a secret and a place in `--allow`, always. */
export const DANGEROUS: ReadonlySet<string> = new Set(['execute_bash', 'reboot_instance', 'terminate_instance']);

/** How far a signed command's `at` may lie from now, either way. */
export const SIGNATURE_WINDOW: Micros = micros(30_000_000);

export interface GateOptions {
  /** Shared by the fleet and those who may steer it; absent = harmless commands need no signature. */
  readonly secret?: string;
  /** Dangerous commands (see `DANGEROUS`, and those that plug-ins mark) that this process executes. */
  readonly allow: ReadonlySet<string>;
}

/**
 * Decides whether a command may be executed. Remembers the nonces of the signature window, so that a command which was
 * overheard cannot be played again; older ones are refused by their age, so the memory is bounded.
 */
export class CommandGate {
  readonly #options: GateOptions;
  readonly #seen = new Map<string, Instant>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * @param dangerous whether the command reaches beyond Drumline.
   * @throws DrumlineError DRUM_COMMAND_UNSIGNED, DRUM_COMMAND_STALE or DRUM_COMMAND_FORBIDDEN.
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

  /** How many nonces are kept. */
  get remembered(): number {
    return this.#seen.size;
  }

  #verify(command: Command, secret: string, now: Instant): void {
    if (!isSignedWith(command, secret)) {
      const reason = command.sig === undefined ? 'is not signed' : 'has a signature that does not match';
      throw refused('DRUM_COMMAND_UNSIGNED', `${command.cmd} ${reason}`);
    }
    const age = now - command.at;
    if (Math.abs(age) > SIGNATURE_WINDOW) {
      throw refused(
        'DRUM_COMMAND_STALE',
        `${command.cmd} was sent ${(age / 1e6).toFixed(1)} s ago, at most ${SIGNATURE_WINDOW / 1e6} s is accepted`,
      );
    }
    for (const [nonce, at] of this.#seen) {
      if (now - at <= 2 * SIGNATURE_WINDOW) break;
      this.#seen.delete(nonce);
    }
    if (this.#seen.has(command.nonce))
      throw refused('DRUM_COMMAND_STALE', `${command.cmd} was executed before: its nonce is known`);
    this.#seen.set(command.nonce, now);
  }
}

const refused = (
  code: 'DRUM_COMMAND_UNSIGNED' | 'DRUM_COMMAND_STALE' | 'DRUM_COMMAND_FORBIDDEN',
  what: string,
): DrumlineError => new DrumlineError(code, what);
