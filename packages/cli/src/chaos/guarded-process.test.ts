import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { GuardedProcess } from './guarded-process.ts';

const env = { PATH: process.env['PATH'] };
const node = (script: string): readonly string[] => [process.execPath, '-e', script];

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function untilGone(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (what() && performance.now() < deadline) await sleep(10);
}

describe('a guarded process', () => {
  test('tells its own number, what it prints, and its exit code', async () => {
    const lines: string[] = [];
    const script =
      'process.stdout.write(String(process.pid)); console.error("one\\ntwo\\nthree"); process.exitCode = 7';
    const child = await GuardedProcess.start({ command: node(script), env, onLine: (line) => lines.push(line) });
    expect(await child.ended).toBe(7);
    expect([Number(child.out), child.isGone, child.lastWords(2)]).toEqual([child.pid, true, 'two | three']);
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('is killed, also while it stands still', async () => {
    const child = await GuardedProcess.start({ command: node('setInterval(() => {}, 1000)'), env });
    child.signal('SIGSTOP');
    await child.kill();
    expect([await child.ended, isThere(child.pid)]).toEqual([137, false]);
    await child.kill();
  });

  test('does not outlive the process that started it, nor does the folder, when that one is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drumline-guard-'));
    const script = `
      import { GuardedProcess, removeWhenGone } from '${import.meta.dirname}/guarded-process.ts';
      const child = await GuardedProcess.start({ command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], env: {} });
      removeWhenGone(${JSON.stringify(folder)});
      process.stdout.write(String(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    expect(isThere(pid)).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(() => isThere(pid) || existsSync(folder));
    expect([isThere(pid), existsSync(folder)]).toEqual([false, false]);
  });
});
