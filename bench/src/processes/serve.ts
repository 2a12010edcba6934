/** The settings that the benchmark started this process with. */
export const settings = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T;

/** Says that the process is ready, answers questions, and ends when the benchmark lets go of it. */
export function serve<Question, Answer>(
  hello: unknown,
  answer: (question: Question) => Answer | Promise<Answer>,
  end: () => unknown = () => undefined,
): void {
  process.on('message', (message: { readonly question: Question }) => {
    void Promise.resolve(answer(message.question)).then((reply) => process.send?.(reply ?? null));
  });
  process.on('disconnect', () => {
    void Promise.resolve(end()).finally(() => process.exit(0));
  });
  process.send?.(hello ?? null);
}

/** CPU time of the whole process, µs: the main thread, the garbage collector's and all others. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
