import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DRUMLINE,
  drumline,
  type Ended,
  oldNode,
  type RunningRedis,
  startProcess,
  startRedis,
} from '../servers/index.ts';
import { Stage } from './stage.ts';

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

const traffic = [
  { action: 'putItem', seed: 1, qps: 300, duration: '2s', data: { a: 3 } },
  [
    { action: 'getItem', seed: 1, qps: 200, times: 300 },
    { action: 'query', seed: 9, qps: 100, times: 150 },
  ],
];

/** `drumline run` in one process, on a stage of its own. */
async function run(args: readonly string[], look: (ended: Ended) => void): Promise<void> {
  await Stage.play(redis, {}, async (stage) => {
    const file = await stage.file('traffic.json', traffic);
    look(await drumline(['run', '--config', stage.config, '--traffic', file, ...target, ...args]));
  });
}

describe('what a run prints', () => {
  test('in a pipe: a [STATS] line a second for each running task, then the summary', async () => {
    await run(['--scale', '0.5', '--speed', '0.8'], ({ code, out }) => {
      expect(code).toBe(0);
      const [stats, summary] = [
        out.split('\n').filter((line) => line.startsWith('[STATS]')),
        out.replaceAll(/^\[STATS\].*\n/gm, ''),
      ];
      // 2.5 s, then 3 s.
      expect(stats.length).toBeGreaterThanOrEqual(5);
      for (const line of stats)
        expect(line).toMatch(/^\[STATS\] \w+ \| Pub:\d+ Rem:\d+ QPS:\d+ Q:(\d+)\[\d+ \d+ \d+ \d+\] T:\d+s$/);
      for (const line of stats) {
        const [, total, each = ''] = /Q:(\d+)\[([\d ]+)\]/.exec(line) ?? [];
        expect(each.split(' ').reduce((sum, length) => sum + Number(length), 0)).toBe(Number(total));
      }
      const counted = stats.map((line) => /^\[STATS\] (\w+) \| Pub:(\d+) Rem:(\d+)/.exec(line)?.slice(1) ?? []);
      const totals = { putItem: 375, getItem: 150, query: 75 };
      for (const [action, published, remaining] of counted) {
        expect([action, Number(published) + Number(remaining)]).toEqual([
          action,
          totals[action as keyof typeof totals],
        ]);
      }
      expect(new Set(counted.map(([action]) => action))).toEqual(new Set(['putItem', 'getItem', 'query']));

      expect(summary).toMatch(
        /^Run \w{8} finished\nprefix dst · [\dT:.Z-]+ \+ [\d.]+ s · scale 0\.5 · speed 0\.8\n✓ balanced/,
      );
      expect(summary).toMatch(/^0 putItem +375 +375 +375 +0 +0 +0$/m);
      expect(summary).toMatch(/^1 getItem +150 +150 +150 +0 +0 +0$/m);
      expect(summary).toMatch(/^2 query +75 +75 +75 +0 +0 +0$/m);
      expect(summary).toMatch(/^total +600 +600 +600 +0 +0 +0$/m);
      expect(summary).toMatch(/service \(uncorrected\)/);
      expect(out).not.toContain('\u001b');
    });
  });

  test('with --json: one document, of exactly this shape, and nothing else', async () => {
    await run(['--json', '--digest', '--speed', '4'], ({ code, out, err }) => {
      expect(code).toBe(0);
      const counts = { planned: 0, published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };
      const latency = [
        'count',
        'hdr',
        'maxUs',
        'meanUs',
        'minUs',
        'p50Us',
        'p90Us',
        'p95Us',
        'p999Us',
        'p99Us',
        'stddevUs',
      ];
      const summary = JSON.parse(out) as Record<string, unknown> & {
        tasks: Record<string, object>[];
        workers: object[];
      };
      expect(Object.keys(summary).toSorted()).toEqual([
        'balanced',
        'certificate',
        'deadLetters',
        'disturbed',
        'elapsedUs',
        'ended',
        'ledger',
        'notes',
        'played',
        'prefix',
        'run',
        'scale',
        'shown',
        'slos',
        'speed',
        'started',
        'state',
        'tasks',
        'workers',
      ]);
      expect(summary).toMatchObject({
        prefix: 'dst',
        run: expect.stringMatching(/^\w{8}$/),
        state: 'finished',
        scale: 1,
        speed: 4,
      });
      expect(summary['ledger']).toEqual({ ...counts, planned: 600, published: 600, ok: 600 });
      expect(summary.tasks.map(({ task, action, ledger }) => ({ task, action, ledger }))).toEqual([
        { task: 0, action: 'putItem', ledger: { ...counts, planned: 150, published: 150, ok: 150 } },
        { task: 1, action: 'getItem', ledger: { ...counts, planned: 300, published: 300, ok: 300 } },
        { task: 2, action: 'query', ledger: { ...counts, planned: 150, published: 150, ok: 150 } },
      ]);
      for (const task of summary.tasks) {
        expect(Object.keys(task).toSorted()).toEqual([
          'action',
          'bytesReceived',
          'bytesSent',
          'capacity',
          'clean',
          'digest',
          'early',
          'errors',
          'items',
          'late',
          'lateness',
          'ledger',
          'misses',
          'rate',
          'response',
          'seed',
          'service',
          'task',
          'throttles',
          'unprocessed',
          'waited',
          'worstWindow',
        ]);
        expect(Object.keys(task['response'] ?? {}).toSorted()).toEqual(latency);
        expect(Object.keys(task['service'] ?? {}).toSorted()).toEqual([...latency, 'uncorrected']);
      }
      expect(summary.workers).toMatchObject([{ sent: 600, ok: 600, failed: 0, dropped: 0, restarts: 0 }]);
      for (const line of err.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    });
  });

  test('with --quiet: the summary only', async () => {
    await run(['--quiet', '--speed', '20'], ({ out }) => expect(out).toMatch(/^Run \w{8} finished\n/));
  });

  test('with --stats and --json: the lines go to standard error', async () => {
    await run(['--json', '--stats'], ({ out, err }) => {
      expect(JSON.parse(out)).toMatchObject({ balanced: true });
      expect(err).toMatch(/^\[STATS\] putItem \| Pub:/m);
    });
  });
});

describe('on a terminal', () => {
  test('a live display is drawn in place, and taken away before the summary', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', traffic);
      const words = [process.execPath, DRUMLINE, 'run', '--config', stage.config, '--traffic', file, ...target];
      const sized = `stty rows 30 cols 110; exec ${words.join(' ')}`;
      const terminal = stage.follow(startProcess('script', ['-qec', sized, '/dev/null'], { env: { TERM: 'xterm' } }));
      const { code, out } = await terminal.finishes();
      expect(code).toBe(0);
      expect(out).toContain('\u001b[?25l');
      expect(out).toMatch(/0:01.* run \w{8} .*1 worker/);
      expect(out).toMatch(/0 putItem .*published.*left.*p99/);
      expect(out).not.toMatch(/\[STATS\]/);
      const screen = new Screen(30, 110);
      screen.write(out);
      // What stays on the terminal: lines of the log, and the summary.
      expect(screen.cursorVisible).toBe(true);
      const lines = screen.lines.filter((line) => line !== '');
      const first = lines.findIndex((line) => line.startsWith('Run '));
      expect(lines[first]).toMatch(/^Run \w{8} finished$/);
      expect(lines.slice(0, first).filter((line) => !/^\d\d:\d\d:\d\d (info|warn) /.test(line))).toEqual([]);
      expect(lines.filter((line) => /published +\d+ left|queues \d+ \[/.test(line))).toEqual([]);
      expect(screen.lines.at(screen.row)).toBe('');
    });
  });

  test('Ctrl-C, typed there, drains and leaves the terminal clean', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', [{ action: 'putItem', qps: 100, duration: '1h', data: { a: 1 } }]);
      const words = ['drumline', 'run', '--config', stage.config, '--traffic', file, ...target];
      // A pseudo-terminal whose foreground group gets the signal, as a typed Ctrl-C would send it.
      const script = `exec ${process.execPath} ${DRUMLINE} ${words.slice(1).join(' ')}`;
      const terminal = stage.follow(startProcess('script', ['-qec', script, '/dev/null'], { env: { TERM: 'xterm' } }));
      await terminal.prints(/0 putItem .*published/);
      const { out: found } = await startProcess('pgrep', ['-P', String(terminal.pid)]).finishes();
      process.kill(Number(found.trim()), 'SIGINT');
      const { code, out } = await terminal.finishes();
      expect([code, out]).toEqual([130, expect.stringMatching(/Run \w{8} interrupted/)]);
      expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'));
    });
  });
});

describe('on a host whose Node is too old', () => {
  /** A Node that says it is version 20, wherever the real ones are new. */
  const pretending = [
    'data:text/javascript,',
    "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})",
  ].join('');
  const nodes: [string, string[]][] = [['pretended', [process.execPath, '--import', pretending]]];
  const real = oldNode();
  if (real !== undefined) nodes.push(['real', [real]]);

  test.each(nodes)(
    'drumline runs on the pinned one, with its output, exit code and signals: %s',
    async (_, through) => {
      const keys = await drumline(['keys', '--seed', '1', '--count', '1'], { through });
      expect([keys.code, keys.out, keys.err]).toEqual([0, 'e55b0cb406b567816f3d3d53fd27b363\n', '']);
      expect((await drumline(['dance'], { through })).code).toBe(2);
      await Stage.play(redis, { worker: target }, async (stage) => {
        const worker = stage.worker([], { through });
        await worker.prints(/worker is ready/);
        worker.signal('SIGINT');
        expect((await worker.finishes()).code).toBe(130);
        expect(worker.isThere).toBe(false);
      });
    },
  );
});

describe('help', () => {
  test.each(['publisher', 'notify'])('of %s', async (command) => {
    const { code, out, err } = await drumline([command, '--help']);
    expect([code, err, out]).toEqual([0, '', expect.stringMatching(new RegExp(`^Usage: drumline ${command} `))]);
  });
});

/** As much of a terminal as the live display uses: lines, cursor up, clearing, hiding the cursor. */
class Screen {
  readonly lines: string[] = [''];
  row = 0;
  cursorVisible = true;
  readonly #rows: number;
  readonly #columns: number;
  #column = 0;

  constructor(rows: number, columns: number) {
    this.#rows = rows;
    this.#columns = columns;
  }

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex -- what a terminal obeys are control characters
    for (const [part] of text.matchAll(/\u001b\[(\?)?([\d;]*)([A-Za-z])|[\r\n]|[^\u001b\r\n]+/g)) this.#obey(part);
  }

  #obey(part: string): void {
    if (part === '\r') this.#column = 0;
    else if (part === '\n') {
      this.row += 1;
      this.lines[this.row] ??= '';
    } else if (part.startsWith('\u001b[')) this.#command(part.slice(2));
    else {
      const line = this.lines[this.row] ?? '';
      if (this.#column + part.length > this.#columns) throw new Error(`a line is too long for the terminal: ${part}`);
      this.lines[this.row] =
        line.slice(0, this.#column).padEnd(this.#column) + part + line.slice(this.#column + part.length);
      this.#column += part.length;
    }
  }

  #command(command: string): void {
    if (command.endsWith('m')) return;
    if (command === '?25l' || command === '?25h') this.cursorVisible = command === '?25h';
    else if (/^\d+A$/.test(command)) {
      const up = Number(command.slice(0, -1));
      if (up >= this.#rows) throw new Error(`the cursor goes up ${up} lines on a terminal of ${this.#rows}`);
      this.row -= up;
    } else if (command === '0K') this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.#column);
    else if (command === '0J') {
      this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.#column);
      this.lines.length = this.row + 1;
    } else throw new Error(`an unknown command of the terminal: ${command}`);
  }
}
