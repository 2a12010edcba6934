/** A piece of a threshold's text. A quantity begins with a digit and holds its unit. */
export interface Token {
  readonly kind: 'word' | 'quantity' | 'symbol' | 'end';
  readonly text: string;
  /** 1-based, of its first character. */
  readonly column: number;
}

const PATTERN = /(?<word>[\p{L}_][\p{L}\p{N}_.]*)|(?<quantity>\d[\p{L}\d.%/µ]*)|(?<symbol>[<>=!]+|.)/gu;

/** The pieces of a text, white space left out, and one that ends it. Never fails: what fits nowhere is a symbol. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const { word, quantity, symbol = '' } = match.groups ?? {};
    const column = match.index + 1;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, column });
    else if (quantity !== undefined) tokens.push({ kind: 'quantity', text: quantity, column });
    else if (symbol.trim() !== '') tokens.push({ kind: 'symbol', text: symbol, column });
  }
  return [...tokens, { kind: 'end', text: '', column: text.trimEnd().length + 1 }];
}
