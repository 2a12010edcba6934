import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { DRUMLINE } from '@drumline/test/servers';
import { type Benchmark, percentile } from './benchmark.ts';
import { figure, printTable } from './table.ts';

/** Of what `drumline chaos --json` prints. */
interface Outcome {
  readonly seed: string;
  readonly holds: boolean;
  /** Redis has lost data, as it may with a replica that lags, and the run said so. */
  readonly lost: boolean;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly missed: number;
  readonly faults: readonly unknown[];
  readonly measured: readonly { readonly figure: 'redelivery' | 'gap'; readonly ms: number }[];
  readonly tasks: readonly {
    readonly expected: number;
    readonly ok: number;
    readonly duplicate: number;
    readonly digest: string;
  }[];
}

/** What a benchmark strikes, how, and what is timed. */
interface Strikes {
  readonly what: string;
  readonly measures: string;
  /** Faults in all, and in each run. */
  readonly kills: number;
  readonly each: number;
  readonly qps: number;
  /** Mean time between two faults. */
  readonly apart: number;
}

/** Runs `drumline chaos` with one seed after the other until so many faults have struck, and adds the verdicts up. */
function chaosOf(name: string, about: string, { what, measures, kills, each, qps, apart }: Strikes): Benchmark {
  return {
    name,
    about,
    options: { kills, each, qps, apart, seed: 1 },
    async run(option) {
      const [wanted, perRun] = [option('kills'), option('each')];
      const outcomes: Outcome[] = [];
      for (let left = wanted, seed = option('seed'); left > 0; left -= perRun, seed += 1) {
        const count = Math.min(perRun, left);
        const args = ['--what', what, '--kills', count, '--qps', option('qps'), '--seed', seed];
        outcomes.push(await runChaos([...args, '--duration', `${count * option('apart')}s`]));
      }
      print(`${what}: ${about}`, measures, outcomes);
    },
  };
}

async function runChaos(args: readonly (string | number)[]): Promise<Outcome> {
  const all = ['chaos', ...args.map(String), '--workers', '4', '--json'];
  console.log(`  drumline ${all.join(' ')}`);
  const child = spawn(process.execPath, [DRUMLINE, ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (out === '') throw new Error(`drumline chaos ended with ${code}: ${err.slice(-2_000)}`);
  const outcome = JSON.parse(out) as Outcome;
  const { holds, problems, measured, faults, missed } = outcome;
  console.log(
    `    exit ${code}: ${holds ? (outcome.lost ? `the run says that Redis has lost data (${outcome.notes.join('; ')})` : 'holds') : problems.join('; ')}; ${faults.length - missed} faults, ${measured.length} timed, load ${loadavg()[0]?.toFixed(1)}`,
  );
  if (!holds) console.log(err.split('\n').slice(-40).join('\n'));
  return outcome;
}

function print(title: string, measures: string, outcomes: readonly Outcome[]): void {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const tasks = outcomes.flatMap((outcome) => outcome.tasks);
  const held = outcomes.filter(({ holds, lost }) => holds && !lost);
  const struck = ({ faults, missed }: Outcome): number => faults.length - missed;
  const times = outcomes.flatMap(({ measured }) => measured.map(({ ms }) => ms)).sort((a, b) => a - b);
  printTable(
    title,
    ['figure', 'seen'],
    [
      [
        'faults in runs that balance, with equal digests',
        `${held.reduce((n, run) => n + struck(run), 0)} of ${sum(struck)}`,
      ],
      ['runs', `${held.length} of ${outcomes.length}`],
      [
        'tasks with the digest of the plan',
        `${tasks.filter(({ digest }) => digest === 'same').length} of ${tasks.length}`,
      ],
      [
        'ops in the plans, with outcome ok',
        `${figure(tasks.reduce((n, task) => n + task.expected, 0))}, ${figure(tasks.reduce((n, task) => n + task.ok, 0))}`,
      ],
      ['ops that may have run twice', tasks.reduce((n, task) => n + task.duplicate, 0)],
      [`${measures}: timed`, times.length],
      ['p50, ms', percentile(times, 50)],
      ['p99, ms', percentile(times, 99)],
      ['max, ms', percentile(times, 100)],
    ],
    ['Not timed: victims that held nothing, and gaps in which the next fault came before the next beat.'],
  );
}

export const chaosWorkers = chaosOf('chaos-workers', 'kill -9 one of 4 workers, seeded, again and again', {
  what: 'workers',
  measures: 'kill → first of its batches executed by another',
  kills: 100,
  each: 20,
  qps: 20_000,
  apart: 5,
});

export const chaosPublisher = chaosOf('chaos-publisher', 'kill -9 the publisher beside a standby, seeded', {
  what: 'publisher',
  measures: 'kill → first beat of the successor',
  kills: 50,
  each: 10,
  qps: 2_000,
  apart: 10,
});

export const chaosRedis = chaosOf('chaos-redis', 'kill -9 the Redis of the fleet, restart it on its append-only file', {
  what: 'redis',
  measures: 'kill → next beat, the time that Redis was away (0.1 to 1.5 s) included',
  kills: 20,
  each: 10,
  qps: 2_000,
  apart: 4,
});

export const chaosSentinel = chaosOf('chaos-sentinel', 'kill -9 the master; a Sentinel puts its replica there', {
  what: 'failover',
  measures: 'kill → next beat, on the new master',
  kills: 20,
  each: 10,
  qps: 2_000,
  apart: 5,
});
