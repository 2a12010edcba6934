import { createScanner } from 'jsonc-parser';
import type { Findings } from './findings.ts';

/** Brackets that may be open at once. Deeper texts would exhaust the stack of a recursive parser. */
const MAX_DEPTH = 128;

export interface BracketFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
  /** Offset from which on a parser is out of step. */
  readonly detected: number;
  readonly tooDeep: boolean;
}

// Values of jsonc-parser's const enum SyntaxKind, which type stripping cannot read.
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 } as const;

/** The first bracket that closes nothing or the wrong thing, is never closed, or is nested too deep. */
export function findBracketFault(text: string, findings: Findings): BracketFault | undefined {
  const scanner = createScanner(text, true);
  const open: number[] = [];
  for (let token: number = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    const offset = scanner.getTokenOffset();
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) {
      open.push(offset);
      if (open.length > MAX_DEPTH) return tooDeep(offset);
    } else if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) {
      const fault = wrongCloser(text, offset, open.pop(), findings);
      if (fault !== undefined) return fault;
    }
  }
  const opener = open.at(-1);
  return opener === undefined ? undefined : neverClosed(text, opener);
}

function tooDeep(offset: number): BracketFault {
  const message = `this is nested more than ${MAX_DEPTH} brackets deep`;
  return { offset, detected: offset, tooDeep: true, message, hint: 'take some of the brackets around it away' };
}

function wrongCloser(
  text: string,
  offset: number,
  opener: number | undefined,
  findings: Findings,
): BracketFault | undefined {
  const fault = { offset, detected: offset, tooDeep: false };
  const closer = text[offset];
  if (opener === undefined) return { ...fault, message: `"${closer}" closes nothing`, hint: 'take it away' };
  const pair = pairOf(text, opener);
  if (closer === pair.closer) return undefined;
  const { line, column } = findings.position(opener);
  const message = `"${closer}" cannot close the ${pair.name} that begins at ${line}:${column}`;
  return { ...fault, message, hint: `write "${pair.closer}" before it, or take it away` };
}

function neverClosed(text: string, opener: number): BracketFault {
  const { name, closer } = pairOf(text, opener);
  const message = `the ${name} that begins here is never closed`;
  return { offset: opener, detected: text.length, tooDeep: false, message, hint: `write "${closer}" where it ends` };
}

const pairOf = (text: string, opener: number): { readonly name: string; readonly closer: string } =>
  text[opener] === '{' ? { name: 'object', closer: '}' } : { name: 'list', closer: ']' };
