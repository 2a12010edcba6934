/** HTML. The only way to make it from text is `html`, which escapes whatever is put in. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Takes text for HTML as it is: for what is ours to the last character. */
  static trusted(text: string): Markup {
    return new Markup(text);
  }
}

/** What can be put into a template: text is escaped, markup stays, `undefined` and `false` vanish. */
export type Part = string | number | Markup | false | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Controls that no document may hold, those that turn the direction of text, and halves of characters. */
const UNFIT = /[^\n\t\P{Cc}]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}\ufffe\uffff]/gu;

const escaped = (text: string): string =>
  text.replaceAll(UNFIT, '\ufffd').replaceAll(/[&<>"']/gu, (char) => ENTITIES[char] ?? '');

/** A template of HTML: html`<td>${name}</td>`. Values belong between tags or between the quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  for (const [i, part] of parts.entries()) text += textOf(part) + (strings[i + 1] ?? '');
  return Markup.trusted(text);
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return part === undefined || part === false ? '' : part.map(textOf).join('');
}
