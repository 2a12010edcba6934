import { closest, quoted } from '@drumline/core/document';
import { DrumlineError } from '@drumline/core/errors';
import { parseSlo, type Slo, type SloProblem } from '@drumline/core/slo';
import { type SloVerdict, type Summary, valueText } from '@drumline/report';
import type { Inputs } from './files.ts';

/**
 * The thresholds of the command line.
 * @throws DrumlineError DRUM_SLO_INVALID with every problem of all of them
 */
export function readThresholds(texts: readonly string[]): Slo[] {
  const results = texts.map(parseSlo);
  const problems = results.flatMap((result, i) =>
    'problems' in result ? result.problems.map((problem) => problemText(texts[i] ?? '', problem)) : [],
  );
  refuse(problems);
  return results.flatMap((result) => ('slo' in result ? result.slo : []));
}

/**
 * The thresholds of a new run: those of its config, then those of the command line.
 * @throws DrumlineError DRUM_SLO_INVALID, also for a scope that no task is in
 */
export function thresholdsOf(texts: readonly string[], { config, plan }: Pick<Inputs, 'config' | 'plan'>): Slo[] {
  const slos = [...config.slos, ...readThresholds(texts)];
  const actions = [...new Set(plan.tasks.map(({ action }) => action))];
  const problems = slos.flatMap((slo) => scopeProblem(slo, actions, plan.tasks.length));
  refuse(problems);
  return slos;
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const count = problems.length === 1 ? 'a threshold has a problem' : `thresholds have ${problems.length} problems`;
  throw new DrumlineError('DRUM_SLO_INVALID', [`${count}:`, ...problems].join('\n'), {
    hint: 'See docs/guides/thresholds.md.',
  });
}

const problemText = (text: string, { column, message, hint }: SloProblem): string =>
  `${quoted(text)}, column ${column}: ${message}; ${hint}`;

function scopeProblem({ scope }: Slo, actions: readonly string[], tasks: number): string[] {
  if (scope === undefined || (typeof scope === 'number' ? scope < tasks : actions.includes(scope))) return [];
  if (typeof scope === 'number') {
    return [`"${scope}:" is no task of the traffic file; write a number from 0 to ${tasks - 1}`];
  }
  const near = closest(scope, actions);
  const hint = near === undefined ? `write one of ${actions.join(', ')}` : `did you mean ${quoted(near)}?`;
  return [`${quoted(scope)} is no action of the traffic file; ${hint}`];
}

/**
 * What makes the command fail although the run itself was in order: DRUM_SLO_FAILED, or DRUM_RATE_MISSED when a rate was
 * required.
 */
export function missedThresholds({ slos, certificate }: Summary, isRateRequired: boolean): DrumlineError | undefined {
  const missed = slos.filter(({ ok }) => !ok);
  if (missed.length > 0) {
    const message = `${missed.length} of ${slos.length} thresholds were not kept: ${missed.map(missedText).join('; ')}`;
    return new DrumlineError('DRUM_SLO_FAILED', message);
  }
  if (!isRateRequired || certificate === null || certificate.verdict === 'rate held') return undefined;
  return new DrumlineError('DRUM_RATE_MISSED', `${certificate.verdict}: ${certificate.reason}`);
}

const missedText = (verdict: SloVerdict): string =>
  verdict.decided
    ? `'${verdict.text}' was ${valueText(verdict)}`
    : `'${verdict.text}' is undecided, as there were too few ops`;
