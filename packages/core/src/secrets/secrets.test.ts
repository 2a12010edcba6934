import { describe, expect, test } from 'vitest';
import { holdsPassword, masked } from './index.ts';

describe('a password in an address', () => {
  test.each([
    'redis://ann:pw@host',
    'redis://:pw@host:1/0',
    'ann:pw@host',
    ':pw@host',
    'rediss://ann:a/b,c@d@host',
    'redis://a:1,redis://:pw@b:2',
    'https://key:pw@host',
  ])('is seen in %s', (address) => expect(holdsPassword(address)).toBe(true));

  test.each(['host', 'host:1', 'redis://host:1/0', '[::1]:6379', 'redis://ann@host', 'a:1,b:2', '', '@', ':@host'])(
    'is not seen in %j',
    (address) => expect(holdsPassword(address)).toBe(false),
  );
});

describe('masked', () => {
  test.each([
    ['redis://ann:canary@host:1/0', 'redis://***@host:1/0'],
    ['redis://:canary@host', 'redis://***@host'],
    ['Authorization: Bearer canary', 'Authorization: Bearer ***'],
    ['export DB_PASSWORD=canary; ls', 'export DB_PASSWORD=*** ls'],
    ["--password 'canary' -v", "--password '***' -v"],
    ['{"secret_token": "canary"}', '{"secret_token": "***"}'],
    ['AKIAABCDEFGHIJKLMNOP', '***'],
    ['uptime; df -h', 'uptime; df -h'],
  ])('%s becomes %s', (text, kept) => expect(masked(text)).toBe(kept));
});
