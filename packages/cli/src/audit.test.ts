import { describe, expect, test } from 'vitest';
import { auditOf, renderAudit } from './audit.ts';
import type { Terminal } from './terminal.ts';

const AT = 1_700_000_000_000_000;
const entry = (change: object): { at: string; text: string } => ({
  at: '2026-01-01T00:00:00.000Z',
  text: JSON.stringify({
    ...{ id: 'i1', cmd: 'rate', args: { rate: '2x' }, by: 'ann@desk', proven: true, at: AT, from: 'w1', run: 'r1' },
    ...{ ok: true, message: 'done' },
    ...change,
  }),
});

const terminal: Terminal = {
  out: () => undefined,
  err: () => undefined,
  outIsTty: false,
  errIsTty: false,
  color: false,
  columns: () => 200,
  rows: () => 24,
};

describe('the audit', () => {
  test('has a row a command, with what every process made of it', () => {
    const refusal = { ok: false, code: 'DRUM_COMMAND_FORBIDDEN', message: 'not here' };
    const audit = auditOf(
      [
        entry({ id: 'i2', at: AT + 1_000_000, cmd: 'execute_bash', args: { script: 'uptime' }, message: 'begins' }),
        entry({ from: 'publisher' }),
        entry({}),
        entry({ id: 'i2', at: AT + 1_000_000, cmd: 'execute_bash', args: { script: 'uptime' }, message: 'up' }),
        entry({
          id: 'i2',
          at: AT + 1_000_000,
          cmd: 'execute_bash',
          from: 'w2',
          run: undefined,
          ...refusal,
          unwritten: 4,
        }),
        { at: '', text: 'garbage' },
      ],
      undefined,
    );
    expect(audit.unreadable).toBe(1);
    expect(
      audit.commands.map(({ id, verdicts }) => [id, verdicts.map(({ from, message }) => `${from} ${message}`)]),
    ).toEqual([
      ['i1', ['publisher done', 'w1 done']],
      ['i2', ['w1 up', 'w2 not here']],
    ]);
    expect(renderAudit(audit, terminal).split('\n')).toEqual([
      '1 entries cannot be read: another version, or a stranger, wrote them',
      expect.stringMatching(/^when +who +what +target +run +answers$/),
      expect.stringMatching(/^2023-11-14T22:13:20.000Z +ann@desk +rate rate=2x +all +r1 +2 ok$/),
      expect.stringMatching(
        / execute_bash script=uptime +all +r1 +1 ok, w2 DRUM_COMMAND_FORBIDDEN: not here \(and 4 refusals before it\)$/,
      ),
      '',
    ]);
  });

  test('of a run has the commands that somebody heard during it', () => {
    const entries = [entry({}), entry({ from: 'w2', run: undefined }), entry({ id: 'i2', run: 'r2' })];
    expect(auditOf(entries, 'r1').commands.map(({ id, verdicts }) => [id, verdicts.length])).toEqual([['i1', 2]]);
  });

  test('says whose name nothing proves, and obeys no name', () => {
    const audit = auditOf([entry({ proven: false, by: 'a\u001b[2Jb', at: 9e15 })], undefined);
    const text = renderAudit(audit, terminal);
    expect(text).toContain('a?[2Jb (unproven)');
    expect(text).not.toContain('\u001b');
  });
});
