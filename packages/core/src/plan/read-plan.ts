import { describeProblems, openDocument, Place, type Problem } from '../document/index.ts';
import { DrumlineError } from '../errors/index.ts';
import type { Plan, PlanNode, Task } from './plan.ts';
import { readTask } from './task.ts';

/** Lists in lists. Sequence and group take turns, so nobody needs more than a few. */
const MAX_NESTING = 64;

const EXAMPLE = '[ { "action": "updateItem", "qps": 100, "times": 1000, "data": { "blob": 100 } } ]';

/** The plan with what is allowed but probably not meant, or every problem of the file, in file order. */
export type PlanResult =
  | { readonly plan: Plan; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/** Parses the text of a traffic file. Never throws for what the text holds. */
export function parsePlan(text: string): PlanResult {
  const document = openDocument(text, EXAMPLE);
  const tasks: Task[] = [];
  const root = document.root === undefined ? undefined : readNode(new Place(document, document.root), 0, tasks);
  const { problems, warnings } = document.findings;
  if (problems.length > 0 || root === undefined) return { problems };
  return { plan: { root, tasks }, warnings };
}

/**
 * The plan of a traffic file.
 * @param file Its name, for messages.
 * @throws DRUM_PLAN_INVALID with all problems, one a line, each with its position and what to write.
 */
export function readPlan(text: string, file: string): Plan {
  const result = parsePlan(text);
  if ('plan' in result) return result.plan;
  throw new DrumlineError('DRUM_PLAN_INVALID', describeProblems(result.problems, file));
}

/** Lists at even depth run their members in order, lists at odd depth at the same time. */
function readNode(place: Place, depth: number, tasks: Task[]): PlanNode | undefined {
  const { elements } = place;
  if (elements === undefined) {
    const task = readTask(place);
    if (task !== undefined) tasks.push(task);
    return task;
  }
  if (elements.length === 0 && !place.isBroken)
    return place.refuse('is an empty list', 'add a task, or take the list away');
  if (depth >= MAX_NESTING) {
    return place.refuse(
      `is nested in ${depth} lists, the most is ${MAX_NESTING - 1}`,
      'take some of the brackets around it away',
    );
  }
  const members = elements.map((element) => readNode(element, depth + 1, tasks)).filter((node) => node !== undefined);
  return { kind: depth % 2 === 0 ? 'sequence' : 'group', members };
}
