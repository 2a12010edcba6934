import { describe, expect, test } from 'vitest';
import { DrumlineError } from './drumline-error.ts';

describe('DrumlineError', () => {
  test('shows nothing that a terminal would obey, whoever it quotes', () => {
    const quoted = 'a\u001b[2J\u009b31m\u202eb\ud800\r';
    const error = new DrumlineError('DRUM_USAGE', quoted, { hint: quoted });
    expect([error.message, error.hint]).toEqual(Array(2).fill('a\\u001b[2J\\u009b31m\\u202eb\\ud800\\u000d'));
  });

  test('keeps lines, tabs, and every other character', () => {
    expect(new DrumlineError('DRUM_USAGE', 'one\n\ttwo – ★ 😀 é').message).toBe('one\n\ttwo – ★ 😀 é');
  });
});
