import type { ParseError } from 'jsonc-parser';
import { printable, quoted } from './printable.ts';

interface Explanation {
  readonly message: string;
  readonly hint: string;
}

// Values of jsonc-parser's const enum ParseErrorCode, which type stripping cannot read.
const ERROR = {
  symbol: 1,
  number: 2,
  name: 3,
  value: 4,
  colon: 5,
  comma: 6,
  end: 9,
  endOfComment: 11,
  endOfString: 12,
  endOfNumber: 13,
  unicode: 14,
  escape: 15,
  character: 16,
} as const;

/** Characters of a token that are looked at; a message shows fewer. */
const MAX_TOKEN = 200;

/** A parser's error in plain words, at the beginning of the word that it stumbled over. */
export function explainSyntax(error: ParseError, text: string): Explanation & { readonly offset: number } {
  const token = text.slice(error.offset, error.offset + Math.min(error.length, MAX_TOKEN));
  const word = wordAround(text, error.offset);
  const isNumber = /^[+-]?\.?\d/.test(word.text) && word.text.length > 1 && !isJsonNumber(word.text);
  if (isNumber) return { offset: word.offset, ...explainNumber(word.text) };
  if (/^[+-]?(nan|inf(inity)?)$/i.test(word.text)) {
    const message = `${word.text} is not a number in JSON`;
    return { offset: word.offset, message, hint: 'write a finite number' };
  }
  const kind: number = error.error;
  const said = kind === ERROR.symbol ? explainSymbol(token) : explainToken(kind, token);
  return { offset: error.offset, ...said };
}

const isJsonNumber = (word: string): boolean => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word);

/** The run of letters, digits, signs and points around an offset, at most 40 either way. */
function wordAround(text: string, offset: number): { readonly text: string; readonly offset: number } {
  const [before = ''] = /[\w.+-]*$/.exec(text.slice(Math.max(0, offset - 40), offset)) ?? [];
  const [after = ''] = /^[\w.+-]*/.exec(text.slice(offset, offset + 40)) ?? [];
  return { text: before + after, offset: offset - before.length };
}

function explainNumber(word: string): Explanation {
  const message = `${word} is not how JSON writes a number`;
  if (word.startsWith('+')) return { message, hint: 'write it without "+"' };
  if (/^-?\./.test(word)) return { message, hint: 'write a digit before the point, e.g. 0.5' };
  if (/^-?0\d/.test(word)) return { message, hint: 'write it without the leading 0' };
  if (/[.e][+-]?$/i.test(word)) return { message, hint: 'write a digit at its end, e.g. 1.5 or 1e3' };
  return { message, hint: 'write decimal digits only, e.g. 1000 or 1e3, or put a text in double quotes' };
}

function explainToken(kind: number, token: string): Explanation {
  const isMark = /^[^\w"]$/.test(token);
  const found = token === '' ? 'the end of the file' : isMark ? `"${token}"` : printable(token);
  if (token === ',' && (kind === ERROR.name || kind === ERROR.value)) {
    return { message: 'there is a comma too much', hint: 'take it away' };
  }
  switch (kind) {
    case ERROR.name:
      return {
        message: `a field name was expected, not ${found}`,
        hint: 'write the name in double quotes, e.g. "qps": 1000',
      };
    case ERROR.value:
      return {
        message: `a value was expected, not ${found}`,
        hint: 'write a value here, or take the name before it away',
      };
    case ERROR.colon:
      return { message: `a colon was expected, not ${found}`, hint: 'write ":" between name and value' };
    case ERROR.comma:
      return { message: `a comma was expected before ${found}`, hint: 'write "," between the two' };
    case ERROR.end:
      return {
        message: `nothing may follow the end of the document, but ${found} does`,
        hint: 'take it away, or put all in one list: [ … ]',
      };
    default:
      return explainScan(kind, found);
  }
}

/** Errors inside a text, a comment or a number. */
function explainScan(kind: number, found: string): Explanation {
  switch (kind) {
    case ERROR.endOfComment:
      return { message: 'the comment that begins here never ends', hint: 'write "*/" where it ends' };
    case ERROR.endOfString:
      return {
        message: 'the text that begins here has no end on its line',
        hint: 'write a double quote where it ends; a line break in it is \\n',
      };
    case ERROR.unicode:
      return { message: `${found} has an incomplete \\u escape`, hint: 'write \\u and four hex digits' };
    case ERROR.escape:
      return {
        message: `${found} has an unknown escape`,
        hint: 'write \\\\ for a backslash; the others are \\" \\/ \\b \\f \\n \\r \\t \\u0000',
      };
    case ERROR.character:
      return { message: `${found} holds a control character`, hint: 'write it as an escape, e.g. \\t for a tab' };
    default:
      return { message: `${found} is not JSON`, hint: 'write a number, a text in double quotes, true, false or null' };
  }
}

/** Bare words and stray characters: what people write who come from JavaScript, Python or YAML. */
function explainSymbol(token: string): Explanation {
  const shown = printable(token);
  const lower = token.toLowerCase();
  const bare = token.replaceAll(/^['`\u2018-\u201f]+|['`\u2018-\u201f]+$/g, '');
  if (/^(none|nil|undefined)$/.test(lower)) {
    return { message: `${shown} is unknown in JSON`, hint: 'write null, or leave the field out' };
  }
  if (/^(true|false|null)$/.test(lower)) return { message: `${shown} is unknown in JSON`, hint: `write ${lower}` };
  if (token.startsWith('#')) {
    return { message: '"#" does not begin a comment in JSON', hint: 'begin the comment with "//"' };
  }
  if (bare !== '' && (bare !== token || /^[a-z_$][\w$.-]*$/.test(lower))) {
    return { message: `${shown} is not in double quotes`, hint: `write ${quoted(bare)}` };
  }
  if (token === '=') return { message: '"=" does not stand between name and value', hint: 'write ":"' };
  if (token === ';') return { message: '";" does not separate anything in JSON', hint: 'write ","' };
  return { message: `"${shown}" does not belong here`, hint: 'take it away, or put texts in double quotes' };
}
