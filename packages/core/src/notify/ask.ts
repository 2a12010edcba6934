import { randomUUID } from 'node:crypto';
import type { Bus } from '../bus/index.ts';
import { delay } from '../clock/index.ts';
import { readyWorkers } from '../fleet/index.ts';
import type { Millis } from '../units/index.ts';
import { type Arguments, type Command, encodeCommand } from './command.ts';
import { decodeReply, type Reply } from './reply.ts';
import { sign } from './signature.ts';

export interface CommandRequest {
  readonly cmd: string;
  readonly args?: Arguments;
  readonly target?: string | undefined;
  /** `user@host`. */
  readonly by?: string | undefined;
}

/** A new command, stamped with the fleet's time, signed when there is a secret. */
export async function newCommand(bus: Bus, request: CommandRequest, secret: string | undefined): Promise<Command> {
  const { cmd, args = {}, target, by } = request;
  const at = await bus.time();
  const whom = { ...(target !== undefined && { target }), ...(by !== undefined && { by: by.slice(0, 256) }) };
  const command = { id: randomUUID(), cmd, args, at, nonce: randomUUID(), ...whom };
  return secret === undefined ? command : sign(command, secret);
}

export interface Answer {
  readonly from: string;
  /** Absent = silent: the process is registered and did not answer in time. */
  readonly reply: Reply | undefined;
}

/** Commands that the publisher answers too, when there is one. */
export const PUBLISHER_COMMANDS: ReadonlySet<string> = new Set([
  'update_config',
  'pause',
  'resume',
  'rate',
  'drain',
  'stop',
  'ping',
]);

export interface AskOptions {
  /** How long to wait for answers at most. */
  readonly within: Millis;
  /** Whether a publisher, if there is one, is expected to answer. */
  readonly publisher: boolean;
}

/**
 * Sends a command and collects what is answered: from every worker that is alive, from the publisher if asked for, and
 * from whoever else answers meanwhile. Resolves as soon as all who are expected have answered, else after `within`.
 */
export async function askFleet(bus: Bus, command: Command, { within, publisher }: AskOptions): Promise<Answer[]> {
  const replies = new Map<string, Reply>();
  const expected = await expectedFrom(bus, command.target, publisher);
  const complete = new AbortController();
  const unsubscribe = await bus.onReport((message) => {
    const reply = decodeReply(message);
    if (reply?.id !== command.id) return;
    replies.set(reply.from, reply);
    if (expected.every((from) => replies.has(from))) complete.abort();
  });
  try {
    await bus.notify(encodeCommand(command));
    if (expected.length > 0) await delay(within, complete.signal);
  } finally {
    await unsubscribe();
  }
  const from = [...new Set([...expected, ...replies.keys()])].sort();
  return from.map((name) => ({ from: name, reply: replies.get(name) }));
}

async function expectedFrom(bus: Bus, target: string | undefined, withPublisher: boolean): Promise<string[]> {
  if (target !== undefined) return [target];
  const workers = await readyWorkers(bus);
  return withPublisher && (await bus.lockHolder()) !== undefined ? [...workers, 'publisher'] : workers;
}
