import { html, type Markup } from './markup.ts';

/** `tone` draws the eye: an alarm to what went wrong, a caution to what may matter. */
export interface PageCell {
  readonly text: string;
  readonly tone?: 'alarm' | 'caution' | undefined;
}

export interface PageRow {
  readonly cells: readonly (string | PageCell)[];
  readonly kind?: 'sum' | 'uncorrected';
}

/** A table with a caption for those who do not see where it stands; the first cell of a row is its heading. */
export function dataTable(caption: string, head: readonly string[], rows: readonly PageRow[]): Markup {
  return html`<div class="scroll"><table><caption>${caption}</caption>
<thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(rowMarkup)}</tbody></table></div>
`;
}

function rowMarkup({ cells, kind }: PageRow): Markup {
  const [first = '', ...rest] = cells.map((cell) => (typeof cell === 'string' ? { text: cell } : cell));
  const name = typeof first === 'string' ? first : first.text;
  return html`<tr${kind && html` class="${kind}"`}><th scope="row">${name}</th>${rest.map(
    ({ text, tone }: PageCell) =>
      html`<td>${tone === undefined ? text : html`<span class="${tone}">${text}</span>`}</td>`,
  )}</tr>
`;
}
