/**
 * What stands where secrets stand: the user part of a URL, the value after a name like password or token (`=`, `:` or a blank
 * after an option), what follows `Bearer` or `Basic`, and AWS key ids.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(:\/\/)[^\s/@'"]*@/gu, '$1***@'],
  [/\b((?:Bearer|Basic)\s+)[^\s'"]+/giu, '$1***'],
  [/\b([\w-]*(?:secret|passw(?:or)?d|passphrase|token|api[_-]?key)[\w-]*['"]?\s*[=:]\s*['"]?)[^\s'"]+/giu, '$1***'],
  [/(--?[\w-]*(?:secret|passw(?:or)?d|passphrase|token|api-?key)\s+['"]?)[^\s'"]+/giu, '$1***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/gu, '***'],
];

/**
 * A text for logs and audit, without what looks like a secret. A net, not a wall: it cannot know every spelling, so secrets do not
 * belong into commands.
 */
export function masked(text: string): string {
  return PATTERNS.reduce((line, [pattern, instead]) => line.replaceAll(pattern, instead), text);
}
