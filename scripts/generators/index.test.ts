import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedFiles } from './index.ts';

const files = await generatedFiles();

test.each([...files])('%s is what the code says (else run: npm run generate)', (path, text) => {
  expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text);
});
