/** Characters that a terminal obeys, or that turn the direction of text, and halves of characters. */
const UNSAFE = /[^\n\t\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that may quote anybody, with nothing in it that a terminal would obey; lines and tabs are kept. */
export const defused = (text: string): string =>
  text.replaceAll(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
