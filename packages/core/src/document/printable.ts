/** Characters that move the cursor, colour a terminal, or turn the direction of text. */
// oxlint-disable-next-line no-control-regex -- these are the ones to escape
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const LONGEST = 60;

/** Text of a file as a message may show it: on one line, shortened, nothing in it that a terminal would obey. */
export function printable(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text.toWellFormed();
  return short.replaceAll(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text in double quotes, as a message may show it. */
export const quoted = (text: string): string => `"${printable(text).replaceAll('"', '\\"')}"`;
