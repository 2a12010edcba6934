import type { Node } from 'jsonc-parser';
import { type Document, elementPath, memberPath } from './document.ts';
import type { Finding } from './findings.ts';
import { printable } from './printable.ts';

/** A value of a document, with the way to it. */
export class Place {
  readonly path: string;
  readonly node: Node;
  readonly #document: Document;

  constructor(document: Document, node: Node, path = '') {
    this.#document = document;
    this.node = node;
    this.path = path;
  }

  /** The value of a text, number, boolean or null; `undefined` for lists and objects. */
  get value(): string | number | boolean | null | undefined {
    const value: unknown = this.node.value;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    return value === null ? null : undefined;
  }

  /** The value's own text in the file. */
  get raw(): string {
    return this.#document.text.slice(this.node.offset, this.node.offset + this.node.length);
  }

  /** The value as a message shows it: its own text from the file where that is short, else what it is. */
  get shown(): string {
    const { type, children } = this.node;
    if (type === 'array') return children?.length === 0 ? 'an empty list' : `a list of ${children?.length}`;
    if (type === 'object') return 'an object';
    return printable(this.raw);
  }

  /** Whether a part of it could not be read, so that nothing can be said about what is missing. */
  get isBroken(): boolean {
    return this.#document.isBroken(this.node);
  }

  /** 1-based. */
  get position(): { readonly line: number; readonly column: number } {
    return this.#document.findings.position(this.node.offset);
  }

  get isObject(): boolean {
    return this.node.type === 'object';
  }

  /** The elements of a list; `undefined` when it is none. */
  get elements(): readonly Place[] | undefined {
    if (this.node.type !== 'array') return undefined;
    return (this.node.children ?? []).map(
      (node, index) => new Place(this.#document, node, elementPath(this.path, index)),
    );
  }

  /** The fields of an object in file order, a repeated name twice; fields whose value could not be read are left out. */
  get members(): readonly Member[] {
    const members: Member[] = [];
    for (const { children } of this.node.children ?? []) {
      const [key, value] = children ?? [];
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      const path = memberPath(this.path, name);
      members.push({ name, key: new Place(this.#document, key, path), value: new Place(this.#document, value, path) });
    }
    return members;
  }

  /** Records a problem here; answers `undefined` so that a reader can return it. */
  refuse(message: string, hint: string): undefined {
    // Of a text or number that could not be read right nothing more is known than that, and it was said.
    if (this.node.children === undefined && this.isBroken) return;
    this.#document.findings.problem(this.#finding(message, hint));
  }

  /** Records a problem within a text, `at` UTF-16 units after its beginning. */
  refuseWithin(at: number, message: string, hint: string): void {
    const finding = this.#finding(message, hint);
    this.#document.findings.problem({ ...finding, offset: finding.offset + rawLength(this.raw, at) });
  }

  /** Records something that is allowed and probably not meant. */
  warn(message: string, hint: string): void {
    this.#document.findings.warning(this.#finding(message, hint));
  }

  #finding(message: string, hint: string): Finding {
    const said = this.path === '' ? `the file ${message}` : message;
    return { offset: this.node.offset, path: this.path, message: said, hint };
  }
}

export interface Member {
  readonly name: string;
  /** Where the name stands. */
  readonly key: Place;
  readonly value: Place;
}

/** Length of a quote and `units` units of a JSON text as the file writes them, escapes and all. */
function rawLength(raw: string, units: number): number {
  let length = 1;
  for (let unit = 0; unit < units && length < raw.length; unit++) {
    if (raw[length] !== '\\') length += 1;
    else length += raw[length + 1] === 'u' ? 6 : 2;
  }
  return length;
}
