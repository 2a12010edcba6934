import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { findBracketFault } from './brackets.ts';
import { explainSyntax } from './explain-syntax.ts';
import type { Findings } from './findings.ts';

export interface Syntax {
  readonly root: Node | undefined;
  /** Offsets, ascending, of what could not be read. */
  readonly faults: readonly number[];
}

/**
 * Parses JSON with comments and trailing commas, and explains each error once. What could be read of a broken text is
 * still returned, so that the sound parts can be checked in the same go.
 */
export function parseSyntax(text: string, findings: Findings): Syntax {
  const bracket = findBracketFault(text, findings);
  if (bracket?.tooDeep === true) {
    findings.problem({ ...bracket, path: '' });
    return { root: undefined, faults: [] };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const sound = errors.filter((error) => !isUnclosed(error) && error.offset < (bracket?.detected ?? text.length + 1));
  const inside = sound.filter((error) => error.offset < text.length);
  const told = inside.length > 0 ? inside : sound;
  // After an error before it the bracket may well be right: the text that should hold it swallowed its partner.
  if (told.length > 0) report(told, text, findings);
  else if (bracket !== undefined) findings.problem({ ...bracket, path: '' });
  const faults = [...told, ...(bracket === undefined ? [] : [bracket])].map(({ offset }) => offset);
  return { root, faults: faults.sort((a, b) => a - b) };
}

/** Reports at most one error a line: after the first the parser is out of step, and what it says next misleads. */
function report(errors: readonly ParseError[], text: string, findings: Findings): void {
  let last = 0;
  for (const error of errors) {
    const { line } = findings.position(error.offset);
    if (line !== last) findings.problem({ ...explainSyntax(error, text), path: '' });
    last = line;
  }
}

/** `findBracketFault` follows brackets by itself, as it can say where the open one began. */
const isUnclosed = ({ error }: ParseError): boolean => CLOSE_EXPECTED.has(error);

// CloseBraceExpected and CloseBracketExpected of jsonc-parser's const enum, which type stripping cannot read.
const CLOSE_EXPECTED: ReadonlySet<number> = new Set([7, 8]);
