import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { decodeAudit, encodeAudit } from './audit.ts';
import type { Command } from './command.ts';
import type { Reply } from './reply.ts';

const COMMAND: Command = { id: 'i1', cmd: 'rate', args: { rate: '2x' }, by: 'ann@desk', at: instant(5), nonce: 'n1' };
const REPLY: Reply = { kind: 'reply', id: 'i1', from: 'w1', ok: true, message: 'rate × 2' };
const KNOWN = { proven: true, run: 'run1', unwritten: 0 };

describe('the audit log', () => {
  test('says who told whom to do what, when, and what became of it', () => {
    const refused = { ...REPLY, ok: false, code: 'DRUM_COMMAND_STALE' as const };
    expect(decodeAudit(encodeAudit({ ...COMMAND, target: 'w1' }, refused, { ...KNOWN, unwritten: 3 }))).toEqual({
      id: 'i1',
      cmd: 'rate',
      args: { rate: '2x' },
      by: 'ann@desk',
      proven: true,
      target: 'w1',
      at: 5,
      from: 'w1',
      run: 'run1',
      ok: false,
      code: 'DRUM_COMMAND_STALE',
      message: 'rate × 2',
      unwritten: 3,
    });
  });

  test('holds no more than the first line of an answer, and bounded arguments', () => {
    const args = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`a${i}`.padEnd(300, 'x'), 'v'.repeat(1_000)]),
    );
    const entry = encodeAudit({ ...COMMAND, args }, { ...REPLY, message: 'one\ntwo' }, KNOWN);
    expect(entry.length).toBeLessThan(8_192);
    const read = decodeAudit(entry);
    expect(read?.message).toBe('one …');
    expect(Object.values(read?.args ?? {})).toHaveLength(16);
    expect(Object.values(read?.args ?? {})[0]).toBe(`${'v'.repeat(200)} …`);
    expect(decodeAudit(encodeAudit(COMMAND, { ...REPLY, message: 'x'.repeat(10_000) }, KNOWN))?.message).toHaveLength(
      202,
    );
  });

  test('holds no secret that can be recognised as one', () => {
    const args = { script: 'curl https://ann:canary@host', password: 'canary', apiKey: 'canary' };
    const entry = encodeAudit({ ...COMMAND, args }, { ...REPLY, message: 'token=canary' }, KNOWN);
    expect(entry).not.toContain('canary');
  });

  test.each([
    '',
    'null',
    '[]',
    '{}',
    '{"id":1}',
    `"${'x'.repeat(20_000)}"`,
    JSON.stringify({ ...JSON.parse(encodeAudit(COMMAND, REPLY, KNOWN)), at: -1 }),
    JSON.stringify({ ...JSON.parse(encodeAudit(COMMAND, REPLY, KNOWN)), code: 'WRONG' }),
    JSON.stringify({ ...JSON.parse(encodeAudit(COMMAND, REPLY, KNOWN)), args: { a: 1 } }),
  ])('what is no entry is not read as one: %.40s', (text) => {
    expect(decodeAudit(text)).toBeUndefined();
  });
});
