import { DrumlineError } from '../errors/index.ts';
import type { Instant } from '../units/index.ts';
import type { Arguments, Command } from './command.ts';
import { type CommandGate, DANGEROUS } from './gate.ts';
import type { Reply } from './reply.ts';

/** One command that a process understands. */
export interface CommandHandler {
  /** One line for `drumline notify --help` and for the answer to an unknown command. */
  readonly description: string;
  /** Reaches beyond Drumline into the host: needs a secret and `--allow`. */
  readonly dangerous?: boolean;
  /** @returns one line for the sender. @throws DrumlineError with the reason. */
  run(args: Arguments, command: Command): Promise<string> | string;
}

export type CommandSet = Readonly<Record<string, CommandHandler>>;

/**
 * Judges and executes one command.
 * @param onDanger called before a command that reaches beyond Drumline is executed: it may end this process.
 * @returns the reply; `undefined` when the command is for somebody else, or only the publisher knows it.
 */
export async function obey(
  command: Command,
  from: string,
  commands: CommandSet,
  gate: CommandGate,
  now: Instant,
  onDanger: () => Promise<void> = () => Promise.resolve(),
): Promise<Reply | undefined> {
  if (command.target !== undefined && command.target !== from) return undefined;
  const reply = { kind: 'reply', id: command.id, from } as const;
  try {
    const handler = Object.hasOwn(commands, command.cmd) ? commands[command.cmd] : undefined;
    const isDangerous = handler?.dangerous ?? DANGEROUS.has(command.cmd);
    gate.admit(command, now, isDangerous);
    if (handler === undefined) {
      throw new DrumlineError(
        'DRUM_COMMAND_INVALID',
        `${command.cmd} is unknown here; known: ${Object.keys(commands).join(', ')}`,
      );
    }
    if (isDangerous) await onDanger();
    return { ...reply, ok: true, message: await handler.run(command.args, command) };
  } catch (error) {
    const code = error instanceof DrumlineError ? error.code : 'DRUM_COMMAND_FAILED';
    return { ...reply, ok: false, code, message: error instanceof Error ? error.message : String(error) };
  }
}
