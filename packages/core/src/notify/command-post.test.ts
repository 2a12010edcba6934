import { describe, expect, test } from 'vitest';
import type { Bus } from '../bus/index.ts';
import { VirtualClock } from '../clock/index.ts';
import { silentLog } from '../log/index.ts';
import { instant, micros } from '../units/index.ts';
import { type AuditRecord, decodeAudit } from './audit.ts';
import { type Command, encodeCommand } from './command.ts';
import { CommandPost } from './command-post.ts';
import { CommandGate } from './gate.ts';
import { decodeReply, type Reply } from './reply.ts';
import { sign } from './signature.ts';

const START = instant(1_700_000_000_000_000);

/** A post with a secret, and all that it says. */
class Desk {
  readonly clock = new VirtualClock(START);
  readonly replies: Reply[] = [];
  readonly audited: AuditRecord[] = [];
  readonly logged: string[] = [];
  readonly done: string[] = [];
  readonly post: CommandPost;
  #sent = 0;

  constructor(change: Partial<Pick<Bus, 'report' | 'audit'>> = {}, leaveUnknown = false) {
    const say = (_: object, text: string): void => void this.logged.push(text);
    const commands = {
      pause: { description: '', run: () => this.#do('pause') },
      long: { description: '', run: () => 'first\nsecond' },
      harm: { description: '', dangerous: true, run: () => this.#do('harm') },
    };
    const bus = {
      report: (message: string) => Promise.resolve(void this.replies.push(decodeReply(message) as Reply)),
      audit: (text: string) => Promise.resolve(void this.audited.push(decodeAudit(text) as AuditRecord)),
      ...change,
    };
    this.post = new CommandPost({
      bus,
      clock: this.clock,
      from: 'w1',
      gate: new CommandGate({ secret: 's', allow: new Set(['harm']) }),
      commands,
      leaveUnknown,
      run: () => Promise.resolve('run1'),
      log: { ...silentLog, info: say, warn: say },
    });
  }

  command(change: Partial<Command> = {}): Command {
    this.#sent += 1;
    const own = { id: `i${this.#sent}`, nonce: `n${this.#sent}`, at: this.clock.now() };
    return { cmd: 'pause', args: {}, by: 'ann@desk', ...own, ...change };
  }

  signed(change: Partial<Command> = {}): string {
    return encodeCommand(sign(this.command(change), 's'));
  }

  #do(what: string): string {
    this.done.push(what);
    return 'done';
  }
}

describe('CommandPost', () => {
  test('executes a signed command, answers, and writes who sent it', async () => {
    const desk = new Desk();
    await desk.post.receive(desk.signed());
    expect(desk.done).toEqual(['pause']);
    expect(desk.replies).toMatchObject([{ id: 'i1', from: 'w1', ok: true, message: 'done' }]);
    expect(desk.audited).toMatchObject([{ id: 'i1', by: 'ann@desk', proven: true, run: 'run1', ok: true }]);
  });

  test.each([
    ['unsigned', (desk: Desk) => encodeCommand(desk.command()), 'DRUM_COMMAND_UNSIGNED', 'pause is not signed'],
    [
      'signed with another secret',
      (desk: Desk) => encodeCommand(sign(desk.command(), 'other')),
      'DRUM_COMMAND_UNSIGNED',
      'pause has a signature that does not match',
    ],
    ['plain text', () => 'pause', 'DRUM_COMMAND_UNSIGNED', 'pause came as plain text, which nobody can sign'],
    [
      'stale',
      (desk: Desk) => desk.signed({ at: instant(START - 60_000_000) }),
      'DRUM_COMMAND_STALE',
      'pause was sent 60.0 s ago, at most 30.0 s either way is accepted',
    ],
  ])('refuses what is %s: the answer says why, and it is audited', async (_, message, code, why) => {
    const desk = new Desk();
    await desk.post.receive(message(desk));
    expect(desk.done).toEqual([]);
    expect(desk.replies).toMatchObject([{ ok: false, code, message: why }]);
    expect(desk.audited).toMatchObject([{ cmd: 'pause', ok: false, code, message: why }]);
    expect(desk.audited[0]?.proven).toBe(code === 'DRUM_COMMAND_STALE');
  });

  test('refuses a command that it hears again', async () => {
    const desk = new Desk();
    const message = desk.signed();
    await desk.post.receive(message);
    await desk.post.receive(message);
    expect(desk.done).toEqual(['pause']);
    expect(desk.audited.map(({ ok, code }) => [ok, code])).toEqual([
      [true, undefined],
      [false, 'DRUM_COMMAND_STALE'],
    ]);
  });

  test('writes before it does what may end the process', async () => {
    const order: string[] = [];
    const desk = new Desk({ audit: (text) => Promise.resolve(void order.push(decodeAudit(text)?.message ?? '')) });
    desk.done.push = (what) => order.push(what);
    await desk.post.receive(desk.signed({ cmd: 'harm' }));
    expect(order).toEqual(['begins', 'harm', 'done']);
  });

  test('keeps no more than a line of an answer in log and audit', async () => {
    const desk = new Desk();
    await desk.post.receive(desk.signed({ cmd: 'long' }));
    expect([desk.replies[0]?.message, desk.audited[0]?.message, desk.logged]).toEqual([
      'first\nsecond',
      'first …',
      ['command long: first …'],
    ]);
  });

  test('counts a flood of refusals, and writes only some of them', async () => {
    const desk = new Desk();
    for (let i = 0; i < 1_000; i += 1) await desk.post.receive(i % 2 === 0 ? 'pause' : 'garbage');
    expect(desk.post.refused).toBe(1_000);
    expect(desk.logged).toHaveLength(20);
    expect([desk.replies.length, desk.audited.length]).toEqual([10, 10]);
    await desk.clock.advance(micros(500_000));
    await desk.post.receive(encodeCommand(desk.command()));
    expect(desk.audited.at(-1)).toMatchObject({ code: 'DRUM_COMMAND_UNSIGNED', unwritten: 980 });
    await desk.post.receive(desk.signed());
    expect(desk.done).toEqual(['pause']);
  });

  test('goes on when the bus takes neither answer nor entry', async () => {
    const gone = (): Promise<void> => Promise.reject(new Error('gone'));
    const desk = new Desk({ report: gone, audit: gone });
    await desk.post.receive(desk.signed());
    await desk.post.receive(desk.signed());
    expect(desk.done).toEqual(['pause', 'pause']);
    expect(desk.logged).toContain('a command could not be written into the audit log');
  });

  test('leaves to others what others may know', async () => {
    const desk = new Desk({}, true);
    await desk.post.receive(desk.signed({ cmd: 'log_level' }));
    expect(desk.replies).toEqual([]);
    await desk.post.receive(desk.signed({ cmd: 'log_level', target: 'w1' }));
    expect(desk.replies).toMatchObject([{ ok: false, code: 'DRUM_COMMAND_INVALID' }]);
    await desk.post.receive(desk.signed({ target: 'w2' }));
    expect(desk.replies).toHaveLength(1);
  });
});
