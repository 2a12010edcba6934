import { OpSource } from '@drumline/core/data';
import { parsePlan } from '@drumline/core/plan';
import { Abort, type DriverOptions, type Outcome, openHttpTarget, type PlayedHttp } from '@drumline/targets';
import { options } from './target.ts';

/** An http task with these fields, as a worker knows it. */
export function playedHttp(fields: object): PlayedHttp {
  const result = parsePlan(JSON.stringify({ action: 'http', qps: 1, times: 1, seed: 1, ...fields }));
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  const [task] = result.plan.tasks;
  if (task?.http === undefined) throw new Error('not an http task');
  return { http: task.http, run: 'run1', seed: '1', offset: 0, data: task.data ?? [] };
}

export interface HttpBench extends AsyncDisposable {
  /** Executes ops from `first` on, all at once. */
  ops(task: PlayedHttp, count: number, first?: number): Promise<Outcome[]>;
  /** Executes op 0. */
  one(task: PlayedHttp, abort?: Abort): Promise<Outcome>;
}

export async function httpBench(more: Partial<DriverOptions> = {}): Promise<HttpBench> {
  const target = await openHttpTarget(options({ db: 'http', ...more }));
  const execute = (task: PlayedHttp, first: number, count: number, abort?: Abort): Promise<Outcome>[] => {
    const { seed, offset, data } = task;
    const source = new OpSource({ action: 'http', seed, seeds: undefined, offset, samples: 0, data, limit: 10 }, []);
    return source
      .ops(
        { first, count },
        Array.from({ length: count }, () => 0),
      )
      .map((op) => target.executorOf(task).execute(op, abort ?? new Abort()));
  };
  return {
    ops: (task, count, first = 0) => Promise.all(execute(task, first, count)),
    one: async (task, abort) => {
      const [outcome] = await Promise.all(execute(task, 0, 1, abort));
      if (outcome === undefined) throw new Error('no outcome');
      return outcome;
    },
    [Symbol.asyncDispose]: () => target.close(),
  };
}
