import { describe, expect, test } from 'vitest';
import { readMonitorLine } from './monitor.ts';

describe('a line of MONITOR', () => {
  test('of a script is its command, with quotes as they were', () => {
    expect(readMonitorLine('+12.5 [0 lua] "LREM" "{p_q0}:w:w1/a" "1" "{\\"run\\":\\"a\\\\b\\"}"')).toEqual({
      at: 12_500,
      words: ['LREM', '{p_q0}:w:w1/a', '1', '{"run":"a\\b"}'],
    });
  });

  test.each(['+OK', '', '-LOADING Redis is loading', '+12.5 [0 127.0.0.1:5] "LREM" "a"', '+1.5 [0 lua'])(
    'is none in %j',
    (line) => {
      expect(readMonitorLine(line)).toBeUndefined();
    },
  );
});
