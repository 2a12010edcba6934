import { createScanner, type Node } from 'jsonc-parser';
import { Findings } from './findings.ts';
import { quoted } from './printable.ts';
import { parseSyntax } from './syntax.ts';

/** UTF-16 units: some 40,000 tasks. Measured: garbage of this length takes 5 s and 1 GB at worst, four times as much 20 s and 3 GB. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** A JSON text with comments, parsed, with everything that was wrong so far. */
export interface Document {
  /** Without the byte order mark. Offsets count from here. */
  readonly text: string;
  readonly root: Node | undefined;
  readonly findings: Findings;
  /** Whether a part of this value could not be read, so that what seems to be missing may be there. */
  readonly isBroken: (node: Node) => boolean;
}

/** @param example What a smallest useful file looks like, for the message about an empty one. */
export function openDocument(source: string, example: string): Document {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const findings = new Findings(text);
  const refuse = (message: string, hint: string): Document => {
    findings.problem({ offset: 0, path: '', message, hint });
    return { text, root: undefined, findings, isBroken: () => true };
  };
  if (text.length > MAX_LENGTH) {
    return refuse(`the file has ${text.length} characters, the most is ${MAX_LENGTH}`, 'split it, or use fewer fields');
  }
  if (isEmpty(text)) return refuse('the file is empty', `write at least ${example}`);
  const { root, faults } = parseSyntax(text, findings);
  const isBroken = (node: Node): boolean => hasWithin(faults, node.offset, node.offset + node.length);
  if (root !== undefined) findDuplicates(root, '', findings);
  return { text, root, findings, isBroken };
}

/** Whether one of the ascending offsets lies from `start` to `end`. */
function hasWithin(offsets: readonly number[], start: number, end: number): boolean {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return (offsets[low] ?? Number.POSITIVE_INFINITY) <= end;
}

/** No value at all: nothing but white space and comments that end. */
function isEmpty(text: string): boolean {
  const scanner = createScanner(text, false);
  for (let token: number = scanner.scan(); token !== END; token = scanner.scan()) {
    const isTrivia = token >= LINE_COMMENT && token <= TRIVIA;
    if (!isTrivia || (scanner.getTokenError() as number) !== 0) return false;
  }
  return true;
}

// Values of jsonc-parser's const enum SyntaxKind.
const LINE_COMMENT = 12;
const TRIVIA = 15;
const END = 17;

/** Of two fields with one name a JSON parser silently takes the last. */
function findDuplicates(node: Node, path: string, findings: Findings): void {
  const seen = new Map<string, Node>();
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type === 'array') {
      findDuplicates(child, elementPath(path, index), findings);
      continue;
    }
    const [key, value] = child.children ?? [];
    if (key === undefined) continue;
    const name = String(key.value);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, key);
    else {
      const { line } = findings.position(first.offset);
      const message = `is a second field with the name ${quoted(name)}, the first is in line ${line}`;
      findings.problem({ offset: key.offset, path: memberPath(path, name), message, hint: 'keep one of the two' });
    }
    if (value !== undefined) findDuplicates(value, memberPath(path, name), findings);
  }
}

export const elementPath = (path: string, index: number): string => `${path}[${index}]`;

/** `a.b`, or `a["b c"]` when the name is not a word. */
export function memberPath(path: string, name: string): string {
  if (!/^[\w$-]{1,60}$/.test(name)) return `${path}[${quoted(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
