/** Text that may come from anybody, for a terminal: its lines are kept, whatever a terminal would obey becomes `?`. */
export const printableLines = (text: string): string => text.replaceAll(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
