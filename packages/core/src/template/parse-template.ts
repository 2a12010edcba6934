import { closest } from '../document/closest.ts';

/** What stands for a placeholder while an op is rendered. `{{random}}` and the like draw anew for each op. */
export type Slot =
  | { readonly kind: 'key' }
  | { readonly kind: 'n' }
  | { readonly kind: 'run' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'column'; readonly name: string }
  /** A whole number, both bounds included. */
  | { readonly kind: 'random'; readonly min: number; readonly max: number }
  | { readonly kind: 'hex'; readonly digits: number }
  | { readonly kind: 'pick'; readonly options: readonly string[] };

/** A template, cut into literal text and placeholders, in order. */
type Parts = readonly (string | Slot)[];

/** Something wrong with a template. */
interface TemplateFault {
  /** UTF-16 units before it. */
  readonly at: number;
  /** Goes on from the name of the field. */
  readonly message: string;
  readonly hint: string;
}

/** Digits that one draw of 128 bits makes. */
const MAX_HEX = 32;

const FORMS = {
  key: '{{key}}',
  n: '{{n}}',
  run: '{{run}}',
  uuid: '{{uuid}}',
  column: '{{column name}}',
  random: '{{random 1 100}}',
  hex: '{{hex 16}}',
  pick: '{{pick a|b|c}}',
} as const satisfies Record<Slot['kind'], string>;

/**
 * Cuts a template into its parts, and finds everything that is wrong with it. `{{{{` is a literal `{{`.
 *
 * @param columns those that `{{column …}}` may name
 */
export function parseTemplate(
  text: string,
  columns: readonly string[],
): { readonly parts: Parts; readonly faults: readonly TemplateFault[] } {
  const parts: (string | Slot)[] = [];
  const faults: TemplateFault[] = [];
  let literal = '';
  let from = 0;
  for (;;) {
    const open = text.indexOf('{{', from);
    if (open < 0) break;
    literal += text.slice(from, open);
    if (text.startsWith('{{{{', open)) {
      literal += '{{';
      from = open + 4;
      continue;
    }
    const close = text.indexOf('}}', open);
    if (close < 0) {
      faults.push({
        at: open,
        message: 'has a "{{" that no "}}" closes',
        hint: 'close it; for a literal {{ write {{{{',
      });
      return { parts, faults };
    }
    const slot = readSlot(text.slice(open + 2, close), columns);
    if ('message' in slot) faults.push({ at: open, ...slot });
    else {
      if (literal !== '') parts.push(literal);
      literal = '';
      parts.push(slot);
    }
    from = close + 2;
  }
  literal += text.slice(from);
  if (literal !== '') parts.push(literal);
  return { parts, faults };
}

type Refusal = Omit<TemplateFault, 'at'>;

function readSlot(inside: string, columns: readonly string[]): Slot | Refusal {
  const [, name = '', rest = ''] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(inside) ?? [];
  switch (name) {
    case 'key':
    case 'n':
    case 'run':
    case 'uuid':
      return rest === '' ? { kind: name } : wrong(`has {{${name} …}} with more than its name`, name);
    case 'column':
      return readColumn(rest, columns);
    case 'random':
      return readRandom(rest);
    case 'hex': {
      const digits = Number(rest);
      const isRight = /^\d+$/.test(rest) && digits >= 1 && digits <= MAX_HEX;
      return isRight
        ? { kind: 'hex', digits }
        : wrong(`has {{hex …}} without a number of digits, 1 to ${MAX_HEX}`, name);
    }
    case 'pick': {
      const options = rest.split('|').map((option) => option.trim());
      return rest === '' ? wrong('has {{pick}} with nothing to pick from', name) : { kind: 'pick', options };
    }
    default:
      return unknown(name);
  }
}

const wrong = (message: string, kind: Slot['kind']): Refusal => ({ message, hint: `write e.g. ${FORMS[kind]}` });

function unknown(name: string): Refusal {
  const near = closest(name, Object.keys(FORMS));
  const hint =
    near === undefined
      ? `there are ${Object.values(FORMS).join(', ')}; for a literal {{ write {{{{`
      : `did you mean ${FORMS[near as Slot['kind']]}?`;
  return { message: name === '' ? 'has an empty {{}}' : `has the unknown placeholder {{${name.slice(0, 40)}}}`, hint };
}

function readColumn(name: string, columns: readonly string[]): Slot | Refusal {
  if (columns.includes(name)) return { kind: 'column', name };
  const near = closest(name, columns);
  const known = columns.length === 0 ? 'add it to "data"' : `the columns of "data" are ${columns.join(', ')}`;
  const hint = near === undefined ? known : `did you mean {{column ${near}}}?`;
  return { message: `names the column "${name.slice(0, 40)}", which "data" does not have`, hint };
}

function readRandom(rest: string): Slot | Refusal {
  const [, first, second] = /^(-?\d+)\s+(-?\d+)$/.exec(rest) ?? [];
  const [min, max] = [Number(first), Number(second)];
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || !Number.isSafeInteger(max - min + 1))
    return wrong('has {{random …}} without two whole numbers', 'random');
  return min > max
    ? {
        message: `has {{random ${min} ${max}}}, the first must not be above the second`,
        hint: `write {{random ${max} ${min}}}`,
      }
    : { kind: 'random', min, max };
}
