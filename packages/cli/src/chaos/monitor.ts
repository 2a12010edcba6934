import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { delay } from '@drumline/core/clock';
import { millis } from '@drumline/core/units';

/** One command that a script has given, as Redis shows it to a monitor. */
export interface ScriptCommand {
  /** ms since the epoch on the server's clock. */
  readonly at: number;
  /** Name and arguments. */
  readonly words: readonly string[];
}

const AGAIN = millis(20);
/** `+1795339072.988470 [0 lua] "LPOP" "chaos_q0" "16"` */
const LINE = /^\+(\d+\.\d+) \[\d+ lua\] (.*)$/;
const WORD = /"((?:[^"\\]|\\.)*)"/g;

/** What a line says, if it is of a script's command. */
export function readMonitorLine(line: string): ScriptCommand | undefined {
  const [, seconds, rest = ''] = LINE.exec(line) ?? [];
  if (seconds === undefined) return undefined;
  const words = [...rest.matchAll(WORD)].map(([, word = '']) => word.replaceAll(/\\(["\\])/g, '$1'));
  return { at: Number(seconds) * 1_000, words };
}

/**
 * Sees every command that scripts give to a Redis on this host (MONITOR), also after that was killed and started again. On
 * a bare socket: a client that queues commands and checks readiness loses its way when the server dies under a monitor.
 */
export class Monitor {
  readonly #port: number;
  readonly #see: (command: ScriptCommand) => void;
  #socket: Socket | undefined;
  #isEnded = false;

  constructor(port: number, see: (command: ScriptCommand) => void) {
    this.#port = port;
    this.#see = see;
  }

  /** Resolves when it sees; until then it tries again and again. */
  async start(): Promise<void> {
    while (!this.#isEnded && !(await this.#look())) await delay(AGAIN);
  }

  stop(): void {
    this.#isEnded = true;
    this.#socket?.destroy();
  }

  /** Resolves with whether the server has agreed. Goes on looking, and starts again when the connection ends. */
  #look(): Promise<boolean> {
    const socket = connect(this.#port, '127.0.0.1');
    this.#socket = socket;
    return new Promise((resolve) => {
      let sees = false;
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve(false);
        if (sees) void this.start();
      });
      const lines = createInterface({ input: socket });
      // It passes the socket's errors on.
      lines.on('error', () => undefined);
      lines.on('line', (line) => {
        if (!sees) {
          sees = line === '+OK';
          resolve(sees);
          // It is still loading what it had kept.
          if (!sees) socket.destroy();
          return;
        }
        const command = readMonitorLine(line);
        if (command !== undefined) this.#see(command);
      });
      socket.write('MONITOR\r\n');
    });
  }
}
