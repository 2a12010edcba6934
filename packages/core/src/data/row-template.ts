import { Block, below, DOMAIN, type Domain, draw, hash32, type Stream } from '../keys/index.ts';
import type { ColumnSpec } from '../plan/plan.ts';
import type { Column, Row } from './op.ts';
import { bytesColumn } from './values.ts';

/** Columns of one name and suffix are one object, so that whoever encodes names can remember them by identity. */
const MADE_MAX = 4_096;
/** Rows made up front that are kept; a row beyond is made again each time, and is the same. */
const ROWS_KEPT_MAX = 65_536;

interface Suffixed {
  readonly name: string;
  readonly hash: number;
  readonly r: number;
  readonly len: number;
  readonly made: Column[];
}

/** A row before its draws, by ascending name: neither the order of the object's keys nor another column matters. */
interface Shape {
  readonly parts: readonly (Column | Suffixed)[];
  /** The row itself, when it needs no draw. */
  readonly row: Row | undefined;
  /** Two parts may come to the same name, such as `a` + 11 and `a1` + 1. */
  readonly mayRepeat: boolean;
}

/** The rows that an item may have: one when they come from a task's `data`, those of `sample_data` otherwise. */
export type RowTemplate = readonly Shape[];

/** @param rows what the columns are, one list a row; no rows = every row is empty */
export function rowTemplate(rows: readonly (readonly ColumnSpec[])[]): RowTemplate {
  return rows.length === 0 ? [shapeOf([])] : rows.map(shapeOf);
}

function shapeOf(columns: readonly ColumnSpec[]): Shape {
  const specs = columns.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const parts = specs.map(partOf);
  const fixed = parts.filter((part): part is Column => !isSuffixed(part));
  const mayRepeat = specs.some(
    (a) => a.kind === 'suffixed' && specs.some((b) => a !== b && b.name.startsWith(a.name) && endsInDigits(b, a.name)),
  );
  return { parts, row: fixed.length === parts.length ? fixed : undefined, mayRepeat };
}

function partOf(spec: ColumnSpec): Column | Suffixed {
  if (spec.kind === 'bytes') return bytesColumn(spec.name, spec.len);
  if (spec.kind === 'literal') return { name: spec.name, value: spec.value };
  return { name: spec.name, hash: hash32(spec.name), r: spec.r, len: spec.len, made: [] };
}

const isSuffixed = (part: Column | Suffixed): part is Suffixed => 'r' in part;

const endsInDigits = (spec: ColumnSpec, prefix: string): boolean => /^\d*$/.test(spec.name.slice(prefix.length));

/**
 * The rows of one stream. The row at a key index is a function of (stream, index, samples), never of the op or action,
 * so whoever comes to the same key of the same stream sees the same columns.
 *
 * samples 0: a fresh row a key, drawn in domain `row` at the key's index. samples N: rows 0…N − 1 are drawn in domain
 * `sampleRow`, and each key picks one of them.
 */
export class RowSource {
  readonly #template: RowTemplate;
  readonly #stream: Stream;
  readonly #samples: number;
  readonly #rows: (Row | undefined)[] = [];
  readonly #words = new Block().words;

  constructor(template: RowTemplate, stream: Stream, samples: number) {
    this.#template = template;
    this.#stream = stream;
    this.#samples = samples;
  }

  rowAt(index: number): Row {
    const only = this.#template.length === 1 ? this.#template[0]?.row : undefined;
    if (only !== undefined) return only;
    if (this.#samples === 0) return this.#make(index, DOMAIN.row);
    const sample = below(this.#samples, this.#draw(index, DOMAIN.sample, 0));
    if (sample >= ROWS_KEPT_MAX) return this.#make(sample, DOMAIN.sampleRow);
    const known = this.#rows[sample];
    if (known !== undefined) return known;
    const row = this.#make(sample, DOMAIN.sampleRow);
    this.#rows[sample] = row;
    return row;
  }

  #make(index: number, domain: Domain): Row {
    const template = this.#template;
    const which = template.length === 1 ? 0 : below(template.length, this.#draw(index, domain, 0));
    const shape = template[which]!;
    if (shape.row !== undefined) return shape.row;
    const row: Column[] = [];
    for (const part of shape.parts) {
      row.push(isSuffixed(part) ? columnOf(part, below(part.r, this.#draw(index, domain, part.hash))) : part);
    }
    return shape.mayRepeat ? withoutRepeats(row) : row;
  }

  #draw(index: number, domain: Domain, name: number): number {
    draw(this.#words, this.#stream, index, domain, name);
    return this.#words[0]!;
  }
}

function columnOf(part: Suffixed, suffix: number): Column {
  const known = part.made[suffix];
  if (known !== undefined) return known;
  const column = bytesColumn(part.name + suffix, part.len);
  if (suffix < MADE_MAX) part.made[suffix] = column;
  return column;
}

/** A row holds a name once: the part whose own name sorts first keeps it. */
function withoutRepeats(row: Row): Row {
  return row.filter((column, i) => row.findIndex((other) => other.name === column.name) === i);
}
