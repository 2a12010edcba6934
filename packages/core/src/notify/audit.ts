import { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../errors/index.ts';
import { masked } from '../secrets/index.ts';
import { type Instant, instant } from '../units/index.ts';
import type { Command } from './command.ts';
import type { Reply } from './reply.ts';

/** What one process did with one command: an entry of the audit log. */
export interface AuditRecord {
  /** The command's id: the entries of all processes about it share it. */
  readonly id: string;
  readonly cmd: string;
  /** As texts, shortened, secrets masked. */
  readonly args: Readonly<Record<string, string>>;
  readonly by?: string | undefined;
  /** Whether a signature proves the sender; else `by` is a claim. */
  readonly proven: boolean;
  readonly target?: string | undefined;
  /** When it was sent; for plain text, when it came. */
  readonly at: Instant;
  /** A worker's id, or `publisher`. */
  readonly from: string;
  /** The run that was on. */
  readonly run?: string | undefined;
  readonly ok: boolean;
  readonly code?: ErrorCode | undefined;
  /** The first line of the answer, shortened. */
  readonly message: string;
  /** Refusals since the last entry of this process that were not written, because too many came. */
  readonly unwritten?: number | undefined;
}

/** Characters. */
const LONGEST_LINE = 200;
const LONGEST_NAME = 64;
const MOST_ARGUMENTS = 16;
const LONGEST_ENTRY = 16_384;

/** The first line of a text, shortened, secrets masked: as much of an answer as logs and audit keep. */
export function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/[\r\n]/u, 1);
  const short = line.length > LONGEST_LINE || line.length < text.trim().length;
  return masked(line).slice(0, LONGEST_LINE).toWellFormed() + (short ? ' …' : '');
}

export interface Circumstances {
  readonly proven: boolean;
  readonly run: string | undefined;
  readonly unwritten: number;
}

/** The entry of whoever gave `reply` to `command`. */
export function encodeAudit(command: Command, reply: Reply, { proven, run, unwritten }: Circumstances): string {
  const { id, cmd, args, by, target, at } = command;
  const { from, ok, code, message } = reply;
  const shown = Object.entries(args).slice(0, MOST_ARGUMENTS).map(shownArgument);
  const record = { id, cmd, args: Object.fromEntries(shown), by, proven, target, at, from, run, ok, code };
  return JSON.stringify({
    ...record,
    message: firstLine(message),
    ...(unwritten > 0 && { unwritten }),
  } satisfies AuditRecord);
}

const SECRET_NAME = /secret|passw|token|credential|api_?key|private/iu;

function shownArgument([name, value]: readonly [string, string | number | boolean]): [string, string] {
  return [name.slice(0, LONGEST_NAME), SECRET_NAME.test(name) ? '***' : firstLine(String(value))];
}

const name = z.string().min(1).max(256);
const RECORD = z.object({
  id: name,
  cmd: name,
  args: z.record(z.string().max(LONGEST_NAME), z.string().max(LONGEST_LINE + 8)),
  by: name.optional(),
  proven: z.boolean(),
  target: name.optional(),
  at: z.int().nonnegative().transform(instant),
  from: name,
  run: name.optional(),
  ok: z.boolean(),
  code: z.string().refine(isErrorCode).optional(),
  message: z.string().max(LONGEST_LINE + 8),
  unwritten: z.int().positive().optional(),
});

/** Reads an entry of the audit log; `undefined` for what no process of this version writes. */
export function decodeAudit(text: string): AuditRecord | undefined {
  if (text.length > LONGEST_ENTRY) return undefined;
  try {
    return RECORD.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
