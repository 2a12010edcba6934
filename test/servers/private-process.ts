import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A server of a test's own. */
export interface PrivateProcess {
  readonly pid: number;
  /** Resolves with what the process has printed when it has ended by itself. */
  readonly ended: Promise<string>;
  /** Kills it and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a server that cannot outlive this process: a shell between the two kills it when its standard input closes, which
 * the kernel does however this process ends. With the server goes `folder`, its files.
 */
export async function startPrivateProcess(
  command: string,
  args: readonly string[],
  folder = '',
): Promise<PrivateProcess> {
  const guard = [
    // When the parent is gone, a message of the shell's own finds no reader: that must not end it before it has cleaned up.
    'trap : PIPE',
    'folder=$1; shift',
    '"$@" </dev/null 1>&2 & server=$!',
    'exec 3<&0',
    '{ cat <&3 >/dev/null; kill -9 "$server"; } 2>/dev/null & watch=$!',
    'echo "$server"',
    'exec 1>&-',
    'wait "$server"',
    // The watch must not kill a process that got the number of the ended one.
    'kill -9 "$watch" 2>/dev/null',
    '[ -z "$folder" ] || rm -rf "$folder"',
  ].join('\n');
  const shell = spawn('sh', ['-c', guard, 'sh', folder, command, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  shell.stdin.on('error', () => undefined);
  let printed = '';
  shell.stderr.on('data', (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4_000);
  });
  const exit = once(shell, 'exit');
  const pid = Number(String((await once(shell.stdout, 'data'))[0]));
  const ended = exit.then(() => printed);
  // A test run must be able to end although a server still runs: closing the pipe then ends it.
  shell.unref();
  return {
    pid,
    ended,
    stop: async () => {
      shell.ref();
      shell.stdin.end();
      await exit;
      shell.stdout.destroy();
      shell.stderr.destroy();
    },
  };
}

/** A port of the loopback that nobody listens on now; the caller retries if somebody was faster. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
