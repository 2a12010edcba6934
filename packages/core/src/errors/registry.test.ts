import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EXIT } from './drumline-error.ts';
import { REGISTRY } from './registry.ts';

const root = new URL('../../../../', import.meta.url);
const codes = Object.keys(REGISTRY);

/** Codes that the sources of all packages name, but for the registry and tests. */
function codesInUse(): ReadonlySet<string> {
  const files = readdirSync(new URL('packages/', root), { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /^[^/]+\/src\/.*\.(ts|lua)$/u.test(file) && !file.endsWith('.test.ts') && !file.endsWith('errors/registry.ts'),
  );
  const text = files.map((file) => readFileSync(new URL(`packages/${file}`, root), 'utf8')).join('\n');
  // A name that ends with an underscore stands for a family, in a comment.
  return new Set([...text.matchAll(/\bDRUM_[A-Z0-9_]*[A-Z0-9]\b(?!_)/gu)].map(([code]) => code));
}

describe('the error registry', () => {
  const inUse = codesInUse();

  test('has every code that the packages use', () => {
    expect([...inUse].filter((code) => !codes.includes(code))).toEqual([]);
  });

  test('has no code that nothing uses', () => {
    expect(codes.filter((code) => !inUse.has(code))).toEqual([]);
  });

  test('is what docs/errors.md says, code by code and both ways', () => {
    const page = readFileSync(new URL('docs/errors.md', root), 'utf8');
    const documented = page
      .split('\n## ')
      .slice(1)
      .map((section) => {
        const [code, , exit, summary, fix] = section.split('\n').map((line) => line.replace(/^- [^:]+: /u, ''));
        return [code, { exit: Number(exit), summary, fix }];
      });
    expect(Object.fromEntries(documented)).toEqual(REGISTRY);
  });

  test('knows only exit codes that mean something', () => {
    const exits: readonly number[] = Object.values(EXIT);
    expect(Object.values(REGISTRY).filter(({ exit }) => !exits.includes(exit))).toEqual([]);
  });
});
