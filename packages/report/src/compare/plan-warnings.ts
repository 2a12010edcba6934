import { decimalText } from '@drumline/core/document';
import { countText, percentText, rateText } from '../figures-text.ts';
import type { Summary, TaskSummary } from '../summary.ts';

/** Why the figures of two runs may differ although their target does not, a sentence each. */
export function planWarnings(a: Summary, b: Summary, clean: boolean): string[] {
  return [...planDifferences(a, b), ...conditions('a', a, clean), ...conditions('b', b, clean)];
}

function planDifferences(a: Summary, b: Summary): string[] {
  const found: string[] = [];
  if (a.scale !== b.scale) found.push(`scale: ${decimalText(a.scale)} in a, ${decimalText(b.scale)} in b`);
  if (a.speed !== b.speed) found.push(`speed: ${decimalText(a.speed)} in a, ${decimalText(b.speed)} in b`);
  const numbers = new Set([...a.tasks, ...b.tasks].map(({ task }) => task));
  for (const number of [...numbers].sort((x, y) => x - y)) {
    found.push(...taskDifferences(number, taskOf(a, number), taskOf(b, number)));
  }
  if (found.length === 0 && a.played !== undefined && b.played !== undefined && a.played.plan !== b.played.plan) {
    found.push('the traffic files differ in something that neither rates, counts nor seeds show');
  }
  return found;
}

const taskOf = ({ tasks }: Summary, number: number): TaskSummary | undefined =>
  tasks.find(({ task }) => task === number);

function taskDifferences(number: number, a: TaskSummary | undefined, b: TaskSummary | undefined): string[] {
  if (a === undefined || b === undefined || a.action !== b.action) {
    const what = (task: TaskSummary | undefined): string => task?.action ?? 'nothing';
    return [`task ${number} is ${what(a)} in a and ${what(b)} in b: not compared`];
  }
  const found: string[] = [];
  const name = `task ${number} (${a.action})`;
  if (a.ledger.planned !== b.ledger.planned)
    found.push(`${name}: ${countText(a.ledger.planned)} ops were planned in a, ${countText(b.ledger.planned)} in b`);
  if (Math.abs(a.rate.planned - b.rate.planned) > 0.01 * Math.max(a.rate.planned, b.rate.planned))
    found.push(`${name}: ${rateText(a.rate.planned)} ops/s were planned in a, ${rateText(b.rate.planned)} in b`);
  if (a.seed !== undefined && b.seed !== undefined && a.seed !== b.seed)
    found.push(`${name}: the seed is ${a.seed} in a and ${b.seed} in b, so keys and values differ`);
  return found;
}

function conditions(name: 'a' | 'b', run: Summary, clean: boolean): string[] {
  const found: string[] = [];
  const { disturbed, state, balanced, played } = run;
  if (disturbed.seconds > 0 && !clean) {
    const share = percentText(disturbed.seconds / Math.max(1, disturbed.of));
    found.push(
      `${name}: ${share} of its seconds were disturbed by something besides the target; --clean leaves them out`,
    );
  }
  if (run.tasks.some(({ clustering, response }) => clustering === undefined && response.count > 0)) {
    found.push(
      `${name}: too short to see how slow ops come in bursts: they count as independent, verdicts may be rash`,
    );
  }
  if (state !== 'finished') found.push(`${name}: the run did not finish, it is ${state}`);
  if (!balanced) found.push(`${name}: its ledger does not balance`);
  if ((played?.pauses.length ?? 0) > 0) found.push(`${name}: it stood still ${timesText(played?.pauses.length ?? 0)}`);
  const changes = (played?.rates ?? []).filter(({ factor }) => factor !== '1').length;
  if (changes > 0) found.push(`${name}: its rates were changed ${timesText(changes)} while it ran`);
  return found;
}

const timesText = (count: number): string => (count === 1 ? 'once' : `${countText(count)} times`);
