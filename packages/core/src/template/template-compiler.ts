import type { Op } from '../data/op.ts';
import { valueOf } from '../data/values.ts';
import { Block, below, DOMAIN, draw, type Stream, streamOf } from '../keys/index.ts';
import type { ColumnSpec, Json } from '../plan/plan.ts';
import { parseTemplate, type Slot } from './parse-template.ts';

/** Makes a text of an op; a template without placeholders is the text itself. */
export type Rendered = string | ((op: Op) => string);

/**
 * Makes the literal parts of a text fit where it goes. What placeholders make while ops are rendered, keys, numbers, hex
 * digits and base64url, needs none anywhere.
 */
export type Escape = (text: string) => string;

/** What the ops of one task have in common. */
export interface TemplateTask {
  readonly run: string;
  readonly seed: string;
  readonly offset: number;
  readonly data: readonly ColumnSpec[];
}

/**
 * Compiles the templates of one task. Placeholder d of them draws from counter (offset + n, domain `template`, d) of the
 * stream of the task's seed, so that op n is the same text in every process and every fleet.
 */
export class TemplateCompiler {
  readonly #task: TemplateTask;
  readonly #stream: Stream;
  readonly #block = new Block();
  #draws = 0;

  constructor(task: TemplateTask) {
    this.#task = task;
    this.#stream = streamOf(task.seed);
  }

  /**
   * @param escape of the literal text of the template
   * @param escapeValue of what options and columns are replaced by; default: the same
   */
  compile(text: string, escape: Escape = asIs, escapeValue: Escape = escape): Rendered {
    const { parts } = parseTemplate(
      text,
      this.#task.data.map(({ name }) => name),
    );
    const made: Rendered[] = [];
    for (const part of parts) {
      const next = typeof part === 'string' ? escape(part) : this.#slot(part, escapeValue);
      const last = made.at(-1);
      if (typeof next === 'string' && typeof last === 'string') made[made.length - 1] = last + next;
      else made.push(next);
    }
    return joined(made);
  }

  #slot(slot: Slot, escape: Escape): Rendered {
    if (slot.kind === 'key') return ({ items }) => items[0]?.key ?? '';
    if (slot.kind === 'n') return ({ n }) => String(n);
    if (slot.kind === 'run') return escape(this.#task.run);
    return slot.kind === 'column' ? this.#column(slot.name, escape) : this.#drawn(slot, escape);
  }

  /** Bytes are shown in base64url, a text as it is, any other literal as JSON. */
  #column(name: string, escape: Escape): Rendered {
    const spec = this.#task.data.find((column) => column.name === name);
    if (spec?.kind === 'literal') return escape(textOf(spec.value));
    return ({ items: [item] }) => {
      const column = item?.row.find((one) => one.name === name);
      if (item === undefined || column === undefined || !('len' in column)) return '';
      return valueOf(item, column).toString('base64url');
    };
  }

  #drawn(slot: DrawnSlot, escape: Escape): Rendered {
    const { words } = this.#block;
    const number = this.#draws++;
    const { offset } = this.#task;
    const at = ({ n }: Op): void => draw(words, this.#stream, offset + n, DOMAIN.template, number);
    if (slot.kind === 'random') {
      const { min, max } = slot;
      return (op) => {
        at(op);
        const bits = (words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6);
        return String(min + Math.floor((bits / 2 ** 53) * (max - min + 1)));
      };
    }
    if (slot.kind === 'pick') {
      const options = slot.options.map(escape);
      return (op) => {
        at(op);
        return options[below(options.length, words[0]!)]!;
      };
    }
    return (op) => {
      at(op);
      const hex = this.#block.hex();
      return slot.kind === 'uuid' ? uuidOf(hex) : hex.slice(0, slot.digits);
    };
  }
}

type DrawnSlot = Exclude<Slot, { kind: 'key' } | { kind: 'n' } | { kind: 'run' } | { kind: 'column' }>;

const asIs: Escape = (text) => text;

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A random UUID (RFC 9562, version 4) of 32 hex digits. */
function uuidOf(hex: string): string {
  const variant = '89ab'[Number.parseInt(hex[16] ?? '', 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** One after the other. */
export function joined(parts: readonly Rendered[]): Rendered {
  const [first = '', second, ...more] = parts;
  if (second === undefined) return first;
  if (more.length === 0 && typeof first === 'string' && typeof second !== 'string') return (op) => first + second(op);
  return (op) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : part(op);
    return text;
  };
}
