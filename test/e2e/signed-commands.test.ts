import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeReply, type Reply } from '@drumline/core/notify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { played, Stage } from './stage.ts';

const SECRET = { DRUMLINE_SECRET: 'correct horse battery staple' };
const WRONG = { DRUMLINE_SECRET: 'wrong horse' };
const NONE = { DRUMLINE_SECRET: '' };
const DANGEROUS = ['execute_bash', 'reboot_instance', 'terminate_instance'];
const scriptOf = (cmd: string): string[] => (cmd === 'execute_bash' ? ['echo hi'] : []);

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

describe('without a secret', () => {
  test('the commands that reach beyond Drumline are refused, and cannot be allowed', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const greedy = await stage.worker(['--allow', DANGEROUS.join(',')]).finishes();
      expect([greedy.code, greedy.err]).toEqual([2, expect.stringMatching(/^DRUM_USAGE: --allow .* needs a secret/)]);
      await stage.workers(1);
      for (const cmd of DANGEROUS) {
        const { code, rows } = await stage.notify([cmd, ...scriptOf(cmd)]);
        expect([code, rows]).toEqual([5, [expect.objectContaining({ ok: false, code: 'DRUM_COMMAND_UNSIGNED' })]]);
      }
    });
  });

  test('the plain words of the original are obeyed, those that reach beyond Drumline are not', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [worker] = await stage.workers(1);
      const publisher = await stage.publisher([{ action: 'putItem', seed: 1, qps: 200, times: 300, data: { a: 1 } }]);
      const run = await stage.running();
      const channel = `${stage.prefix}_notify`;
      const replies = await listen(stage);
      await redis.cli('PUBLISH', channel, 'pause');
      await replies.from('publisher', /stands/);
      await replies.from('w1', /paused/);
      const state = async (): Promise<string | undefined> => (await stage.bus.readRun(run))?.['state'];
      await eventually('the run is paused', async () => (await state()) === 'paused');
      for (const word of [
        'execute_bash',
        'reboot_instance',
        'terminate_instance',
        '{"cmd":"ping"}',
        'x'.repeat(70_000),
        '',
      ]) {
        await redis.cli('PUBLISH', channel, word);
      }
      await eventually(
        'what is no command is said',
        () => (worker?.err.match(/a command could not be read/g)?.length ?? 0) === 6,
      );
      await redis.cli('PUBLISH', channel, 'resume\n');
      const { code, summary } = await played(publisher);
      expect([code, summary.ledger.ok, worker?.isThere]).toEqual([0, 300, true]);
    });
  });
});

describe('with a secret', () => {
  test('only who knows it is obeyed, once, and for the dangerous commands only where they are allowed', async () => {
    await Stage.play(redis, { worker: target, env: SECRET }, async (stage) => {
      const marked = join(stage.folder, 'marks');
      const allowing = stage.worker([
        '--allow',
        DANGEROUS.join(','),
        ...['--reboot-command', `mkdir ${marked}-$(true) ${marked}-a;b`],
        ...['--terminate-command', 'false'],
      ]);
      await allowing.prints(/worker is ready/);
      await stage.workers(1);

      for (const [env, reason] of [
        [NONE, 'is not signed'],
        [WRONG, 'has a signature that does not match'],
      ] as const) {
        const { code, rows } = await stage.notify(['pause'], env);
        expect([code, rows]).toEqual([
          5,
          ['w1', 'w2'].map((from) =>
            expect.objectContaining({ from, ok: false, code: 'DRUM_COMMAND_UNSIGNED', message: `pause ${reason}` }),
          ),
        ]);
      }
      expect((await stage.notify(['ping'])).code).toBe(0);

      const bash = await stage.notify(['execute_bash', 'echo "$0 $((6 * 7))"; echo "[$DRUMLINE_SECRET]" >&2']);
      expect([bash.code, bash.rows]).toEqual([
        5,
        [
          expect.objectContaining({ from: 'w1', ok: true, message: 'bash 42\n[]' }),
          expect.objectContaining({ from: 'w2', ok: false, code: 'DRUM_COMMAND_FORBIDDEN' }),
        ],
      ]);
      const failing = await stage.notify(['execute_bash', 'echo so; exit 3', '--target', 'w1']);
      expect([failing.code, failing.rows]).toEqual([
        5,
        [expect.objectContaining({ ok: false, code: 'DRUM_COMMAND_FAILED', message: 'bash exited with 3: so' })],
      ]);

      // No shell reads the command, and nothing that a sender adds becomes part of it.
      const reboot = await stage.notify(['reboot_instance', 'more=$(touch more)', '--target', 'w1']);
      expect(reboot.rows).toMatchObject([{ from: 'w1', ok: true }]);
      expect((await readdir(stage.folder)).filter((name) => name.startsWith('marks'))).toEqual([
        'marks-$(true)',
        'marks-a;b',
      ]);
      const terminate = await stage.notify(['terminate_instance', '--target', 'w1']);
      expect(terminate.rows).toMatchObject([
        { ok: false, code: 'DRUM_COMMAND_FAILED', message: 'false exited with 1: ' },
      ]);
      expect(allowing.isThere).toBe(true);
    });
  });

  test('a command that was overheard cannot be played again', async () => {
    await Stage.play(redis, { worker: target, env: SECRET }, async (stage) => {
      await stage.workers(1);
      const heard: string[] = [];
      await stage.bus.onNotify((message) => heard.push(message));
      const replies = await listen(stage);
      expect((await stage.notify(['ping'])).code).toBe(0);
      await redis.cli('PUBLISH', `${stage.prefix}_notify`, heard[0] ?? '');
      const reply = await replies.from('w1', /executed before/);
      expect(reply).toMatchObject({ ok: false, code: 'DRUM_COMMAND_STALE' });
      // Nor can it be changed.
      const changed = { ...(JSON.parse(heard[0] ?? '{}') as object), cmd: 'drain', nonce: 'fresh' };
      await redis.cli('PUBLISH', `${stage.prefix}_notify`, JSON.stringify(changed));
      expect(await replies.from('w1', /does not match/)).toMatchObject({ ok: false, code: 'DRUM_COMMAND_UNSIGNED' });
    });
  });

  test('a publisher brings a new config to its workers, and plain words move nobody', async () => {
    await Stage.play(redis, { worker: target, env: SECRET }, async (stage) => {
      await stage.workers(1);
      await stage.file('config.json', { table_name: 'stress-test', threads: 3 });
      const publisher = await stage.publisher([{ action: 'putItem', seed: 1, qps: 200, times: 200, data: { a: 1 } }]);
      await stage.running();
      const replies = await listen(stage);
      await redis.cli('PUBLISH', `${stage.prefix}_notify`, 'stop');
      expect(await replies.from('publisher', /stop/)).toMatchObject({ ok: false, code: 'DRUM_COMMAND_UNSIGNED' });
      const { code, summary } = await played(publisher);
      expect([code, summary.ledger.ok]).toEqual([0, 200]);
      expect((await stage.notify(['ping'])).rows).toMatchObject([{ message: expect.stringMatching(/ 3 threads/) }]);
    });
  });
});

describe('a plug-in', () => {
  test('adds commands; a dangerous one needs the secret and --allow as well', async () => {
    await Stage.play(redis, { worker: target, env: SECRET }, async (stage) => {
      const plugin = await stage.file(
        'plugin.ts',
        `const commands = {
           double: { description: 'twice n', run: (args: { n?: string }) => \`\${Number(args.n) * 2}\` },
           explode: { description: 'fails', run: () => { throw new Error('as asked'); } },
           harm: { description: 'harms', dangerous: true, run: () => 'harmed' },
         };
         export default { commands };`,
      );
      const [one, two] = [stage.worker(['--plugin', plugin]), stage.worker(['--plugin', plugin, '--allow', 'harm'])];
      await Promise.all([one.prints(/worker is ready/), two.prints(/worker is ready/)]);
      expect((await stage.notify(['double', 'n=21', '--target', 'w1'])).rows).toMatchObject([
        { ok: true, message: '42' },
      ]);
      expect((await stage.notify(['explode', '--target', 'w1'])).rows).toMatchObject([
        { ok: false, code: 'DRUM_COMMAND_FAILED', message: 'as asked' },
      ]);
      const { code, rows } = await stage.notify(['harm']);
      expect([code, rows]).toEqual([
        5,
        [
          expect.objectContaining({ from: 'w1', code: 'DRUM_COMMAND_FORBIDDEN' }),
          expect.objectContaining({ from: 'w2', ok: true, message: 'harmed' }),
        ],
      ]);
    });
  });

  test('that cannot be loaded stops the worker from starting', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const bad = {
        'missing.ts': undefined,
        'syntax.ts': 'export default {',
        'empty.ts': 'export default {};',
        'name.ts': "export default { commands: { 'Bad-Name': { description: 'x', run: () => '' } } };",
        'shape.ts': 'export default { commands: { fine: { run: 1 } } };',
      };
      const ended = await Promise.all(
        Object.entries(bad).map(async ([name, text]) => {
          const path = text === undefined ? join(stage.folder, name) : await stage.file(name, text);
          return stage.worker(['--plugin', path]).finishes();
        }),
      );
      for (const { code, err } of ended)
        expect([code, err]).toEqual([2, expect.stringMatching(/^DRUM_PLUGIN_INVALID: the plug-in /)]);
    });
  });
});

/** Collects what is answered on the stats channel. */
async function listen(stage: Stage): Promise<{ from(name: string, message: RegExp): Promise<Reply> }> {
  const replies: Reply[] = [];
  await stage.bus.onReport((message) => {
    const reply = decodeReply(message);
    if (reply !== undefined) replies.push(reply);
  });
  return {
    from: (name, message) =>
      eventually(`an answer of ${name} like ${message}`, () =>
        replies.find((reply) => reply.from === name && message.test(reply.message)),
      ),
  };
}
