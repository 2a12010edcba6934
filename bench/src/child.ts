import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * One of the programs in `processes/`, in a process of its own, so that its CPU time is its own too. It gets its settings
 * as JSON, says its first word when it is ready, and answers each question with one message. It ends with this process.
 */
export class Child<Question, Answer> {
  readonly #process: ChildProcess;
  /** Its first message. */
  readonly hello: unknown;

  private constructor(process: ChildProcess, hello: unknown) {
    this.#process = process;
    this.hello = hello;
  }

  static async start<Question, Answer>(
    program: string,
    settings: unknown,
    execArgv: readonly string[] = [],
  ): Promise<Child<Question, Answer>> {
    const file = new URL(`./processes/${program}.ts`, import.meta.url);
    const child = fork(file, [JSON.stringify(settings)], { serialization: 'advanced', execArgv: [...execArgv] });
    return new Child<Question, Answer>(child, await nextMessage(child, program));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async ask(question: Question): Promise<Answer> {
    const answer = nextMessage(this.#process, 'the program');
    this.#process.send({ question });
    return (await answer) as Answer;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.disconnect();
    await exit;
  }
}

async function nextMessage(child: ChildProcess, name: string): Promise<unknown> {
  const gone = new AbortController();
  const exit = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`${name} ended with ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: gone.signal }), exit])) as [unknown];
    return message;
  } finally {
    gone.abort();
    exit.catch(() => undefined);
  }
}
