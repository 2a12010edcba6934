import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The `drumline` command. */
export const DRUMLINE = `${ROOT}packages/cli/bin/drumline.mjs`;
/** Compiled modules are kept between processes, which halves the time that each takes to start. */
const COMPILED = `${ROOT}node_modules/.cache/drumline-test`;
/** Longer than anything here takes on a busy machine, so that only what hangs meets it. */
const WITHIN = 20_000;

export interface DrumlineOptions {
  /** Added to a clean environment: nothing of the caller's own settings reaches the process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Program and arguments to put before `drumline`, instead of the Node that runs the test. */
  readonly through?: readonly string[];
}

/** How a process ended, and all that it printed. */
export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A process that runs one `drumline` command. */
export interface RunningDrumline {
  readonly pid: number;
  /** What it has printed so far. */
  readonly out: string;
  readonly err: string;
  /** Resolves when the process is gone and its output complete, however that came. */
  readonly ended: Promise<Ended>;
  /** Resolves when its output matches. Rejects with all of it when that takes too long or can no longer come. */
  prints(pattern: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves like `ended`; kills the process and rejects when that takes too long. */
  finishes(): Promise<Ended>;
  /** Kills the process and whatever it has started. */
  kill(): Promise<void>;
  /** Whether the process, or one that it has started, is still there. */
  readonly isThere: boolean;
}

/**
 * Starts `drumline` with the given arguments, in a process group of its own that ends with this process, however this one
 * ends.
 */
export function startDrumline(args: readonly string[], options: DrumlineOptions = {}): RunningDrumline {
  const { through = [process.execPath], env, cwd } = options;
  const [program = '', ...before] = [...through, DRUMLINE, ...args];
  return startProcess(program, before, { ...(env && { env }), ...(cwd !== undefined && { cwd }) });
}

/** Runs a command that ends by itself. */
export async function drumline(args: readonly string[], options: DrumlineOptions = {}): Promise<Ended> {
  return startDrumline(args, options).finishes();
}

/** Starts any program in the same way. */
export function startProcess(
  program: string,
  args: readonly string[],
  options: Omit<DrumlineOptions, 'through'> = {},
): RunningDrumline {
  const environment = { ...cleanEnvironment(), ...options.env };
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  const changes = new Set<() => void>();
  const tell = (): void => changes.forEach((change) => change());
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      tell();
    });
  }
  const pid = child.pid ?? 0;
  const endGuard = endWithThis(-pid);
  const gone = Promise.withResolvers<Ended>();
  let ended: Ended | undefined;
  child.on('error', (error) => gone.reject(error));
  child.on('close', (code, signal) => {
    endGuard();
    ended = { code, signal, ...output };
    gone.resolve(ended);
    tell();
  });
  const describe = (): string => `${program} ${args.join(' ')}\n--- out\n${output.out}\n--- err\n${output.err}`;
  return {
    pid,
    get out() {
      return output.out;
    },
    get err() {
      return output.err;
    },
    ended: gone.promise,
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const done = (settle: () => void): void => {
          clearTimeout(timer);
          changes.delete(look);
          settle();
        };
        const fail = (why: string): void => done(() => reject(new Error(`${why} ${pattern}: ${describe()}`)));
        const look = (): void => {
          if (pattern.test(output.out) || pattern.test(output.err)) done(resolve);
          else if (ended !== undefined) fail(`ended with ${ended.code ?? ended.signal} and never printed`);
        };
        const timer = setTimeout(() => fail('did not print'), WITHIN);
        changes.add(look);
        look();
      }),
    signal: (name) => void process.kill(pid, name),
    finishes: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`did not end: ${describe()}`)), WITHIN);
      });
      try {
        return await Promise.race([gone.promise, late]);
      } catch (error) {
        killGroup(pid);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    kill: async () => {
      killGroup(pid);
      await gone.promise;
    },
    get isThere() {
      return groupExists(pid);
    },
  };
}

/** Resolves when `condition` answers something but `false` and `undefined`; rejects naming `what` when it does not in time. */
export async function eventually<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  within = WITHIN,
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await condition();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`did not come within ${within} ms: ${what}`);
    await sleep(20);
  }
}

/** A Node on this host that is too old to run Drumline's source, if there is one. */
export function oldNode(): string | undefined {
  return ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && path !== process.execPath);
}

function cleanEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    TZ: 'UTC',
    NODE_COMPILE_CACHE: COMPILED,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

/**
 * Sees to it that a process, or with a negative number a group, cannot outlive this one: a shell kills it when its standard input
 * closes, which the kernel does however this process ends. @returns what to call when it has ended.
 */
export function endWithThis(pid: number): () => void {
  const shell = spawn('sh', ['-c', 'read -r line || kill -9 "$1" 2>/dev/null', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return () => shell.stdin.end('done\n');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function groupExists(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
