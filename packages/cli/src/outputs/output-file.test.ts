import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { OutputFile } from './output-file.ts';
import { checkOutputFile, prepareOutputFolder } from './output-path.ts';

const folder = mkdtempSync(join(tmpdir(), 'drumline-output-'));
const path = join(folder, 'out.txt');
afterEach(() => rmSync(path, { force: true }));

function opened(append = false, file = path): { file: OutputFile; failures: string[] } {
  const failures: string[] = [];
  const onFailure = (reason: string): void => void failures.push(reason);
  return { file: new OutputFile({ path: file, append, header: 'head\n', onFailure }), failures };
}

describe('an output file', () => {
  test('holds everything in order, after its header', async () => {
    writeFileSync(path, 'what was there before\n');
    const { file, failures } = opened();
    for (let i = 0; i < 200; i += 1) file.write(`line ${i}\n`);
    await file.close();
    const lines = Array.from({ length: 200 }, (_, i) => `line ${i}`);
    expect(readFileSync(path, 'utf8')).toBe(`${['head', ...lines].join('\n')}\n`);
    expect(failures).toEqual([]);
  });

  test('goes on with what is there when it is told to', async () => {
    for (const text of ['one\n', 'two\n']) {
      const { file } = opened(true);
      file.write(text);
      await file.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('head\none\ntwo\n');
  });

  test.runIf(existsSync('/dev/full'))('says once that the disk is full, and throws nothing', async () => {
    const { file, failures } = opened(false, '/dev/full');
    for (let i = 0; i < 5; i += 1) file.write('line\n');
    await file.close();
    file.write('later\n');
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
  });

  test('says that it cannot be opened', async () => {
    const { file, failures } = opened(false, join(folder, 'none', 'out.txt'));
    file.write('line\n');
    await file.close();
    expect(failures).toEqual([expect.stringContaining('ENOENT')]);
  });

  test('does not let more wait for a disk than memory should hold', async () => {
    const { file, failures } = opened();
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 40; i += 1) file.write(megabyte);
    expect(failures).toEqual(['the disk does not answer']);
    await file.close();
  });
});

const codeOf = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error instanceof Error && 'code' in error ? [error.code, error.message] : error;
  }
  return undefined;
};

describe('the path of an output', () => {
  test('may be new, or a file that is left as it is', () => {
    expect(codeOf(() => checkOutputFile(path, '--csv'))).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'before');
    expect(codeOf(() => checkOutputFile(path, '--csv'))).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  test('must lie in a folder that exists, and not be one', () => {
    const nowhere = join(folder, 'none', 'out.csv');
    expect(codeOf(() => checkOutputFile(nowhere, '--csv'))).toEqual([
      'DRUM_OUTPUT_UNUSABLE',
      `--csv ${nowhere} cannot be written: the folder ${join(folder, 'none')} does not exist`,
    ]);
    expect(codeOf(() => checkOutputFile(folder, '--csv'))).toEqual([
      'DRUM_OUTPUT_UNUSABLE',
      `--csv ${folder} cannot be written: it is a folder`,
    ]);
  });

  test('of a folder is made, in a folder that exists', () => {
    const made = join(folder, 'hdr');
    prepareOutputFolder(made, '--hdr');
    prepareOutputFolder(made, '--hdr');
    expect(existsSync(made)).toBe(true);
    writeFileSync(path, '');
    expect(codeOf(() => prepareOutputFolder(path, '--hdr'))).toEqual([
      'DRUM_OUTPUT_UNUSABLE',
      expect.stringContaining('EEXIST'),
    ]);
    const nowhere = join(folder, 'none', 'hdr');
    expect(codeOf(() => prepareOutputFolder(nowhere, '--hdr'))).toEqual([
      'DRUM_OUTPUT_UNUSABLE',
      `--hdr ${nowhere} cannot be written: the folder ${join(folder, 'none')} does not exist`,
    ]);
  });
});
