/** Terminal styles; plain text when colours are off. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const ansi =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? text : `\u001b[${open}m${text}\u001b[${close}m`;
const plain = (text: string): string => text;

export const COLORED: Style = {
  bold: ansi(1, 22),
  dim: ansi(2, 22),
  good: ansi(32, 39),
  warn: ansi(33, 39),
  bad: ansi(31, 39),
};
export const PLAIN: Style = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain };

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}
export interface Cell {
  readonly text: string;
  readonly style?: ((text: string) => string) | undefined;
}

const GAP = '  ';

/** Text without control characters, so that no name can steer the terminal. One column a character is assumed. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

/** `text` cut to `columns`, with an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  const characters = Array.from(text);
  if (characters.length <= columns) return text;
  return columns <= 0 ? '' : `${characters.slice(0, columns - 1).join('')}…`;
}

const lengthOf = (text: string): number => Array.from(text).length;

/**
 * A table of at most `columns` characters a line. When it does not fit side by side, each row becomes a block of
 * `title value` lines, so that a narrow terminal loses no figure.
 */
export function table(
  columns: number,
  head: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string[] {
  const cleaned = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const widths = head.map((column, i) =>
    Math.max(lengthOf(column.title), ...cleaned.map((row) => lengthOf(row[i]?.text ?? ''))),
  );
  const width = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (head.length - 1);
  if (width > columns) return stacked(columns, head, cleaned, style);
  const line = (cells: readonly Cell[]): string =>
    head
      .map(({ align }, i) => pad(cells[i] ?? { text: '' }, widths[i]!, align))
      .join(GAP)
      .trimEnd();
  return [line(head.map(({ title }) => ({ text: title, style: style.dim }))), ...cleaned.map(line)];
}

function pad({ text, style }: Cell, width: number, align: Column['align']): string {
  const blanks = ' '.repeat(width - lengthOf(text));
  const shown = style === undefined ? text : style(text);
  return align === 'left' ? shown + blanks : blanks + shown;
}

function stacked(columns: number, head: readonly Column[], rows: readonly (readonly Cell[])[], style: Style): string[] {
  const titles = Math.max(0, ...head.slice(1).map(({ title }) => lengthOf(title)));
  return rows.flatMap(([first, ...rest]) => [
    style.bold(cut(first?.text ?? '', columns)),
    ...rest.flatMap(({ text, style: own = plain }, i) => {
      if (text === '') return [];
      const label = cut(`  ${(head[i + 1]?.title ?? '').padEnd(titles)}${GAP}`, columns);
      return [style.dim(label) + own(cut(text, columns - lengthOf(label)))];
    }),
  ]);
}

/** Words in lines of at most `columns`; a word that is longer is cut. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > columns && line !== '') {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((each) => cut(each, columns));
}
