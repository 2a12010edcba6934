import { type Config } from './config.ts';
import { parseConfig } from './read-config.ts';

/**
 * Whether two config texts mean the same: comments, white space, order of names, and the way a duration or a default is
 * written do not matter. A text that is no config is the same as none.
 */
export function sameConfig(a: string, b: string): boolean {
  const [first, second] = [parseConfig(a), parseConfig(b)];
  return 'config' in first && 'config' in second && canonical(first.config) === canonical(second.config);
}

function canonical(config: Config): string {
  const sampleData = config.sampleData.map((row) => row.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  return JSON.stringify({ ...config, sampleData }, sortNames);
}

/** A replacer that puts the names of every object in order. */
function sortNames(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
