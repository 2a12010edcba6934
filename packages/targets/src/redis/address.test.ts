import { expect, test } from 'vitest';
import { parseRedisAddress, parseRedisAddresses } from './address.ts';

test.each([
  ['localhost', { host: 'localhost', port: 6379, tls: false }],
  ['redis.example.com:7000', { host: 'redis.example.com', port: 7000, tls: false }],
  ['10.0.0.7:6380', { host: '10.0.0.7', port: 6380, tls: false }],
  ['[::1]:6380', { host: '::1', port: 6380, tls: false }],
  ['redis://h:1/3', { host: 'h', port: 1, tls: false, database: 3 }],
  ['rediss://me:p%40ss@h', { host: 'h', port: 6379, tls: true, username: 'me', password: 'p@ss' }],
])('%s is read as host, port and login', (text, address) => {
  expect(parseRedisAddress(text)).toEqual(address);
});

test.each(['', 'h:x', 'h:70000', 'redis://:pw@', 'http://h:1', 'redis://h/name', 'a b'])(
  '%j is refused with a code',
  (text) => {
    expect(() => parseRedisAddress(text)).toThrow(expect.objectContaining({ code: 'DRUM_ENDPOINT_INVALID' }));
  },
);

test('a refused address does not show its password', () => {
  expect(() => parseRedisAddress('redis://me:secret@h:99999')).toThrow(/^(?!.*secret)/su);
});

test('several nodes are separated by commas', () => {
  expect(parseRedisAddresses('a:1, b:2').map(({ host, port }) => [host, port])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
});
