import type { Config } from '../config/config.ts';
import type { Problem } from '../document/index.ts';
import type { Action, Plan, PlanNode, Task } from './plan.ts';

/** Actions that write columns, and those that ask for columns by name. */
const NEED_COLUMNS: ReadonlySet<Action> = new Set([
  'putItem',
  'updateItem',
  'batchPutItem',
  'getSubItem',
  'batchGetSubItem',
]);

/** What is wrong with a plan only beside this config. Positions are those of the traffic file. */
export function checkPlanAgainstConfig(plan: Plan, config: Pick<Config, 'sampleData'>): readonly Problem[] {
  if (config.sampleData.length > 0) return [];
  return located(plan.root, '')
    .filter(({ task }) => task.data === undefined && NEED_COLUMNS.has(task.action))
    .map(({ task, path }) => ({
      line: task.line,
      column: task.column ?? 1,
      path,
      message: `${path === '' ? 'the task ' : ''}has no "data" and the config has no "sample_data", ${task.action} needs columns`,
      hint: 'add "data": { "blob": 100 }, say, or rows to the config’s sample_data',
    }));
}

interface Located {
  readonly task: Task;
  readonly path: string;
}

function located(node: PlanNode, path: string): readonly Located[] {
  if (node.kind === 'task') return [{ task: node, path }];
  return node.members.flatMap((member, index) => located(member, `${path}[${index}]`));
}
