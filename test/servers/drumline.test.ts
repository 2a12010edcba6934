import { expect, test } from 'vitest';
import { eventually, startProcess } from './drumline.ts';

test('a process ends with the one that started it, however that one ends', async () => {
  const module = JSON.stringify(new URL('drumline.ts', import.meta.url).href);
  const starter = `
    const { startProcess } = await import(${module});
    process.stdout.write(startProcess('sh', ['-c', 'sleep 60 & wait']).pid + '\\n');
    setInterval(() => undefined, 1_000);`;
  const parent = startProcess(process.execPath, ['--input-type=module', '--eval', starter]);
  await parent.prints(/^\d+\n$/);
  const group = -Number(parent.out);
  expect(process.kill(group, 0)).toBe(true);
  process.kill(parent.pid, 'SIGKILL');
  await eventually('the group is gone', () => {
    try {
      process.kill(group, 0);
      return false;
    } catch {
      return true;
    }
  });
});
