import { type ChildProcess, spawn } from 'node:child_process';
import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';

export interface ExecuteOptions {
  /** From start to end; then the program and all that it has started are killed. */
  readonly timeout: Millis;
  /** All that the program sees of an environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Bytes of output that are kept. */
const KEPT = 8_192;
/** Bytes of output that are read; a program that writes more is ended. */
const MOST_OUTPUT = 16 * 1_024 * 1_024;
/** What left the group (`setsid`) can hold the pipes open: this long after the end of the program they are let go. */
const LINGER: Millis = millis(250);

/**
 * Runs a program: no shell reads its arguments, nothing is on its standard input, it stands in `/`, and it leads a process group
 * of its own, which is killed as a whole when the program ends, takes too long or says too much.
 *
 * @returns the first 8 KiB of what it has printed, standard output and error as they came.
 * @throws DrumlineError DRUM_COMMAND_FAILED with why it ended and what it had printed
 */
export function execute(argv: readonly string[], { timeout, environment }: ExecuteOptions): Promise<string> {
  const [program = '', ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const output = new Output();
  const failed = (why: string): void =>
    reject(new DrumlineError('DRUM_COMMAND_FAILED', `${program} ${why}: ${output.text}`));
  let child: ChildProcess;
  try {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    child = spawn(program, args, { env: environment, stdio: [...stdio], detached: true, cwd: '/' });
  } catch (error) {
    // An argument with a zero byte, for example.
    failed(`could not be started (${error instanceof Error ? error.message : String(error)})`);
    return promise;
  }
  let why: string | undefined;
  const end = (reason: string): void => {
    why ??= reason;
    killGroup(child);
  };
  const timer = setTimeout(() => end(`was ended: it took longer than ${timeout} ms`), timeout);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      if (!output.take(chunk)) end(`was ended: it printed more than ${MOST_OUTPUT} bytes`);
    });
  }
  child.on('error', (error) => {
    clearTimeout(timer);
    failed(`could not be started (${error.message})`);
  });
  child.on('exit', () => {
    killGroup(child);
    setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()), LINGER).unref();
  });
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    if (why !== undefined) failed(why);
    else if (code === 0) resolve(output.text);
    else failed(signal === null ? `exited with ${code}` : `was ended by ${signal}`);
  });
  return promise;
}

/** SIGKILL, which nothing can ignore. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}

/** The beginning of what was printed. */
class Output {
  readonly #chunks: Buffer[] = [];
  #seen = 0;

  /** `false` when it is too much. */
  take(chunk: Buffer): boolean {
    if (this.#seen < KEPT) this.#chunks.push(chunk.subarray(0, KEPT - this.#seen));
    this.#seen += chunk.length;
    return this.#seen <= MOST_OUTPUT;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString().trim();
  }
}
