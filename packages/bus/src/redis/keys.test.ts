import { DrumlineError } from '@drumline/core/errors';
import { describe, expect, test } from 'vitest';
import { keysOf } from './keys.ts';

describe('key names', () => {
  test('are those of the documented table', () => {
    const keys = keysOf('dst');
    const { config, notify, stats, workers, publisher, epoch, lastRun, audit } = keys;
    expect([config, notify, stats, workers, publisher, epoch, lastRun, audit]).toEqual([
      'dst_cfg',
      'dst_notify',
      'dst_stats',
      'dst_workers',
      'dst_publisher',
      'dst_epoch',
      'dst_run',
      'dst_audit',
    ]);
    expect(keys.worker('w1')).toBe('dst_worker:w1');
    expect(keys.run('r')).toBe('dst_run:r');
    expect(keys.queue(7)).toBe('dst_q7');
    expect(keys.claimed(7, 'w1/0')).toBe('{dst_q7}:w:w1/0');
    expect(keys.share(7, 'r')).toBe('{dst_q7}:run:r');
    expect(keys.dead(7)).toBe('{dst_q7}:dead');
  });

  test.each(['', '{a}', 'a{', 'a b', 'a\n'])('refuse the prefix %j', (prefix) => {
    expect(() => keysOf(prefix)).toThrow(expect.objectContaining({ code: 'DRUM_BUS_PREFIX', exit: 2 }));
    expect(() => keysOf(prefix)).toThrow(DrumlineError);
  });
});
