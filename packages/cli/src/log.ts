import type { Log } from '@drumline/core/log';
import { pino } from 'pino';
import { printableLines } from './printable-lines.ts';
import type { Terminal } from './terminal.ts';

export interface CliLog extends Log {
  setLevel(level: string): void;
  /** Sends human lines elsewhere: a live display prints them above itself. */
  divert(print: ((line: string) => void) | undefined): void;
}

/** Log lines on standard error: words for a person on a terminal, JSON lines for a program. */
export function makeLog(terminal: Terminal, level: string): CliLog {
  let print = (line: string): void => terminal.err(`${line}\n`);
  const usual = print;
  const write = terminal.errIsTty ? (line: string) => print(humanLine(line)) : (line: string) => print(line.trimEnd());
  const logger = pino({ level, base: null, serializers: { err: errorFields } }, { write });
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    setLevel: (next) => {
      logger.level = next;
    },
    divert: (elsewhere) => {
      print = elsewhere ?? usual;
    },
  };
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? { code: error.code } : {};
  // A coded error explains itself; only what was not expected needs its stack.
  return { ...code, message: error.message, ...(Object.hasOwn(code, 'code') ? {} : { stack: error.stack }) };
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error' };

/** `12:34:56 warn  message  key=value …` */
function humanLine(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const at = new Date(Number(time)).toTimeString().slice(0, 8);
  const facts = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const reason = typeof err === 'object' && err !== null && 'message' in err ? [String(err.message)] : [];
  return printableLines(
    [`${at} ${LEVELS[Number(level)] ?? String(level)} ${String(msg)}`, ...reason, ...facts].join('  '),
  );
}
