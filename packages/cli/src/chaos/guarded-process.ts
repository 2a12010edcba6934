import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Output beyond this is forgotten, oldest first: a summary is far smaller, and last words are what matters. */
const MOST_OUTPUT = 1_000_000;

/**
 * Between this process and the child stands a shell that kills the child when its own standard input closes, which the
 * kernel does however this process ends. It tells the child's number on descriptor 3 and passes its exit code on. Child
 * and shell are in a session of their own, so that Ctrl-C on a terminal reaches this process only.
 */
const GUARD = [
  'exec 4<&0',
  '"$@" </dev/null 3>&- 4<&- & child=$!',
  'echo "$child" >&3; exec 3>&-',
  '{ read -r _ <&4; kill -9 "$child"; } 2>/dev/null & watch=$!',
  'exec 4<&-',
  'wait "$child"; code=$?',
  // The watch must not kill a process that got the number of the ended one.
  'kill -9 "$watch" 2>/dev/null',
  'exit "$code"',
].join('\n');

export interface ProcessStart {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
}

/** A child process that cannot outlive this one. */
export class GuardedProcess {
  readonly pid: number;
  /** Resolves with the exit code when the child is gone and its output complete; 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  readonly #shell: ChildProcess;
  readonly #output: { out: string; err: string };
  #isGone = false;

  private constructor(shell: ChildProcess, pid: number, output: { out: string; err: string }, ended: Promise<number>) {
    this.#shell = shell;
    this.pid = pid;
    this.#output = output;
    this.ended = ended.then((code) => {
      this.#isGone = true;
      return code;
    });
  }

  static async start({ command, env, onLine }: ProcessStart): Promise<GuardedProcess> {
    const shell = spawn('/bin/sh', ['-c', GUARD, 'sh', ...command], {
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    shell.stdin?.on('error', () => undefined);
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output.out = (output.out + text).slice(-MOST_OUTPUT);
    });
    let begun = '';
    shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.err = (output.err + text).slice(-MOST_OUTPUT);
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) onLine?.(line);
    });
    const ended = once(shell, 'close').then(([code]) => (typeof code === 'number' ? code : 1));
    const [pid] = (await once(shell.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
    return new GuardedProcess(shell, Number(pid.toString()), output, ended);
  }

  get out(): string {
    return this.#output.out;
  }

  get err(): string {
    return this.#output.err;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** What it said last on standard error: how the error began that ended it, else its last lines. */
  lastWords(lines = 3): string {
    const all = this.#output.err.trimEnd().split('\n');
    const error = all.findLastIndex((line) => line.startsWith('DRUM_'));
    return (error === -1 ? all.slice(-lines) : all.slice(error, error + lines)).map((line) => line.trim()).join(' | ');
  }

  signal(name: NodeJS.Signals): void {
    if (this.#isGone) return;
    try {
      process.kill(this.pid, name);
    } catch {
      // It has just ended by itself.
    }
  }

  /** Ends it at once, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    // Should the signal have missed, the shell sees to it.
    this.#shell.stdin?.end();
    await this.ended;
  }
}

/** Removes a folder when this process has ended without having done so itself, however it ended. @returns calls it off. */
export function removeWhenGone(folder: string): () => void {
  // The servers that write there are being killed at the same moment.
  const script = 'read -r _ || { sleep 1; rm -rf "$1"; }';
  const shell = spawn('/bin/sh', ['-c', script, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return () => void shell.stdin.end('done\n');
}
