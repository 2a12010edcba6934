/**
 * `npm test`: every suite, unit to end to end. Arguments go to vitest: `npm test -- packages/core`. The last line says
 * how many tests passed, failed and were skipped, as vitest counted them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine } from './test-result.ts';

const folder = mkdtempSync(join(tmpdir(), 'drumline-test-'));
const file = join(folder, 'result.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
try {
  const vitest = spawnSync('vitest', ['run', ...reporters, ...process.argv.slice(2)], { stdio: 'inherit' });
  console.log(closingLine(readResult(file), vitest.status));
  process.exitCode = vitest.status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** `undefined` when vitest ended before it could say anything. */
function readResult(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
