import { DrumlineError } from '@drumline/core/errors';
import { describe, expect, test } from 'vitest';
import { nodeText, parseRedisAddress } from './address.ts';

const plain = { tls: false, username: undefined, password: undefined, db: 0 };

describe('an address of Redis', () => {
  test.each([
    ['localhost', { ...plain, nodes: [{ host: 'localhost', port: 6379 }] }],
    ['10.0.0.1:7000', { ...plain, nodes: [{ host: '10.0.0.1', port: 7000 }] }],
    ['[::1]:6380', { ...plain, nodes: [{ host: '::1', port: 6380 }] }],
    ['redis://cache/3', { ...plain, nodes: [{ host: 'cache', port: 6379 }], db: 3 }],
    ['redis://:secret@cache', { ...plain, nodes: [{ host: 'cache', port: 6379 }], password: 'secret' }],
    [
      'rediss://u:p%40s%2Fs@h:1/0',
      { nodes: [{ host: 'h', port: 1 }], tls: true, username: 'u', password: 'p@s/s', db: 0 },
    ],
    ['redis://u:a/b,c@d@h:1', { ...plain, nodes: [{ host: 'h', port: 1 }], username: 'u', password: 'a/b,c@d' }],
    [
      'a:1,b:2, c',
      {
        ...plain,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 6379 },
        ],
      },
    ],
    [
      'redis://a:1,redis://b:2',
      {
        ...plain,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
  ])('%s is read', (text, expected) => {
    expect(parseRedisAddress(text)).toEqual(expected);
  });

  test.each([
    ['', 'no host'],
    ['a:1,', 'no host'],
    ['http://x', 'unknown scheme http://'],
    ['host:0', 'port 0 is not between 1 and 65535'],
    ['host:65536', 'port 65536'],
    ['host:abc', 'is not host:port'],
    ['redis://h/x', 'database "x" is not a number'],
    ['redis://h/1/2', 'more than one path segment'],
    ['redis://h/0?timeout=1', 'database "0?timeout=1"'],
    ['redis://user@h', 'a user without a password'],
    ['redis://user:%zz@h', 'not valid percent-encoding'],
  ])('%j is refused', (text, problem) => {
    const error = thrown(() => parseRedisAddress(text));
    expect(error.code).toBe('DRUM_BUS_ADDRESS');
    expect(error.exit).toBe(2);
    expect(error.message).toContain(problem);
    expect(error.hint).toBeDefined();
  });

  test.each(['redis://u:hunter2@host:0', 'redis://u:hunter2@h/1/2', 'redis://u:hunter2%zz@h', 'redis://u:hunter2@'])(
    'the message about %s does not show the password',
    (text) => {
      const error = thrown(() => parseRedisAddress(text));
      expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain('hunter2');
    },
  );

  test('a node is written so that it can be read again', () => {
    expect(nodeText({ host: '::1', port: 1 })).toBe('[::1]:1');
    expect(nodeText({ host: 'a', port: 1 })).toBe('a:1');
  });
});

function thrown(act: () => unknown): DrumlineError {
  try {
    act();
  } catch (error) {
    if (error instanceof DrumlineError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
