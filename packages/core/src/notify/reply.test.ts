import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeReply, encodeReply, type Reply } from './reply.ts';

const REPLY: Reply = { kind: 'reply', id: 'i', from: 'w1', ok: true, message: 'done' };
const json = (change: object): string => JSON.stringify({ ...REPLY, ...change });

describe('reply', () => {
  test('reads what encodeReply writes', () => {
    const failed: Reply = { ...REPLY, ok: false, code: 'DRUM_COMMAND_STALE' };
    expect(decodeReply(encodeReply(REPLY))).toEqual(REPLY);
    expect(decodeReply(encodeReply(failed))).toEqual(failed);
  });

  test('a long message is cut, so that it is read at all', () => {
    const long = decodeReply(encodeReply({ ...REPLY, message: '\n'.repeat(100_000) }));
    expect(long?.message).toHaveLength(16_384);
  });

  test('an unknown code and unknown fields are left out', () => {
    expect(decodeReply(json({ code: 'DRUM_NEW', more: 1 }))).toEqual(REPLY);
    expect(decodeReply(json({ code: 'toString' }))).toEqual(REPLY);
  });

  test.each([
    '',
    '"reply"',
    '["reply"]',
    'null "reply"',
    '{"kind":"reply"',
    json({ kind: 'report', text: 'reply' }),
    json({ id: 5 }),
    json({ from: null }),
    json({ ok: 'true' }),
    json({ message: ['x'] }),
    json({ message: 'x'.repeat(70_000) }),
    `{"kind":"reply","id":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  ])('leaves out %.40s', (message) => {
    expect(decodeReply(message)).toBeUndefined();
  });

  test('never throws, whatever comes', () => {
    const anything = fc.oneof(
      fc.string().map((text) => `${text}"reply"`),
      fc.json().map((text) => `{"kind":"reply","id":${text},"from":${text},"ok":true,"message":""}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect([undefined, 'reply']).toContain(decodeReply(text)?.kind);
      }),
    );
  });
});
