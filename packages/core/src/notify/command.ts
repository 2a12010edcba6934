import { quoted } from '../document/printable.ts';
import { DrumlineError } from '../errors/index.ts';
import { type Instant, instant } from '../units/index.ts';

/** One message on `<prefix>_notify`. Publisher and workers all read it; each answers what concerns it. */
export interface Command {
  /** Chosen by the sender; every reply names it. */
  readonly id: string;
  readonly cmd: string;
  readonly args: Arguments;
  /** A worker's id, or `publisher`; absent = everybody. */
  readonly target?: string;
  /** When it was sent, on the fleet's clock: pauses begin and end at this instant everywhere. */
  readonly at: Instant;
  /** Who sent it, for the audit log: `user@host`. Covered by the signature. */
  readonly by?: string;
  /** Random text: a signed command is executed once. */
  readonly nonce: string;
  /** HMAC-SHA256 in hex, see signature.ts. Absent = unsigned. */
  readonly sig?: string;
}

export type Arguments = Readonly<Record<string, string | number | boolean>>;

/** The original's commands came as bare text. Those that cannot harm a host are still understood. */
const PLAIN_TEXT = ['update_config', 'stop', 'pause', 'resume', 'drain', 'ping'] as const;

/** Characters. */
const MAX_COMMAND_LENGTH = 65_536;
const MAX_ARGUMENTS = 64;
/** What would steer a terminal, turn the direction of text, or have more than one spelling in UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Reads a message of the notify channel.
 * @throws DrumlineError DRUM_COMMAND_INVALID naming the field and what it must be.
 */
export function decodeCommand(message: string, now: Instant): Command {
  if (message.length > MAX_COMMAND_LENGTH) throw invalid(`is ${message.length} long, at most ${MAX_COMMAND_LENGTH}`);
  const plain = PLAIN_TEXT.find((name) => name === message.trim());
  if (plain !== undefined) return { id: `plain-${plain}-${now}`, cmd: plain, args: {}, at: now, nonce: '' };
  const value = parse(message);
  const target = value['target'] === undefined ? {} : { target: text(value, 'target') };
  const by = value['by'] === undefined ? {} : { by: text(value, 'by') };
  const sig = value['sig'] === undefined ? {} : { sig: text(value, 'sig') };
  const at = value['at'];
  if (typeof at !== 'number' || !Number.isSafeInteger(at)) throw invalid('has no "at" (whole µs since the epoch)');
  return {
    id: text(value, 'id'),
    cmd: text(value, 'cmd'),
    args: argumentsOf(value['args']),
    at: instant(at),
    nonce: text(value, 'nonce'),
    ...target,
    ...by,
    ...sig,
  };
}

export function encodeCommand(command: Command): string {
  return JSON.stringify(command);
}

function parse(message: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(message);
    if (isRecord(value)) return value;
  } catch {
    // falls through: not JSON is as wrong as JSON of another shape
  }
  throw invalid(`is neither a JSON object nor one of ${PLAIN_TEXT.join(', ')}: ${quoted(message)}`);
}

function text(value: Readonly<Record<string, unknown>>, field: string): string {
  const found = value[field];
  if (typeof found === 'string' && found.length > 0 && found.length <= 256 && !UNSAFE.test(found)) return found;
  const what = typeof found === 'string' ? quoted(found) : typeof found;
  throw invalid(`has the ${field} ${what}, expected a text of 1 to 256, all of it printable`);
}

function argumentsOf(value: unknown): Arguments {
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid('has args that are no object');
  const args = Object.entries(value);
  if (args.length > MAX_ARGUMENTS) throw invalid(`has ${args.length} arguments, at most ${MAX_ARGUMENTS}`);
  return Object.fromEntries(
    args.map(([name, argument]): [string, string | number | boolean] => {
      if (typeof argument === 'string' || typeof argument === 'boolean') return [name, argument];
      // 1e999 and −0 have no JSON of their own, so they would share a signature with another value.
      if (typeof argument === 'number' && Number.isFinite(argument)) return [name, argument + 0];
      throw invalid(`has the argument ${quoted(name)} that is neither text, number nor boolean`);
    }),
  );
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (what: string): DrumlineError => new DrumlineError('DRUM_COMMAND_INVALID', `the command ${what}`);
