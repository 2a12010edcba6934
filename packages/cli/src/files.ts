import { readFileSync } from 'node:fs';
import { type Config, readConfig } from '@drumline/core/config';
import { describeProblems } from '@drumline/core/document';
import { DrumlineError } from '@drumline/core/errors';
import { checkPlanAgainstConfig, type Plan, parsePlan, readPlan } from '@drumline/core/plan';

/** @throws DrumlineError DRUM_FILE_UNREADABLE */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DrumlineError('DRUM_FILE_UNREADABLE', `the ${what} ${path} cannot be read: ${reason}`, { cause });
  }
}

export interface Inputs {
  readonly config: Config;
  readonly configText: string;
  readonly plan: Plan;
  readonly planText: string;
  /** What is allowed but probably not meant, a line each. */
  readonly warnings: readonly string[];
}

/** Reads and checks both files, each alone and against each other. @throws DrumlineError with every problem there is. */
export const readInputs = (configPath: string, trafficPath: string): Inputs =>
  inputsOf(readText(configPath, 'config'), configPath, readText(trafficPath, 'traffic file'), trafficPath);

/** Checks both texts; the names are for messages. @throws DrumlineError with every problem there is. */
export function inputsOf(configText: string, configPath: string, planText: string, trafficPath: string): Inputs {
  const config = readConfig(configText, configPath);
  const plan = readPlan(planText, trafficPath);
  const problems = checkPlanAgainstConfig(plan, config);
  if (problems.length > 0) throw new DrumlineError('DRUM_PLAN_INVALID', describeProblems(problems, trafficPath));
  const parsed = parsePlan(planText);
  const warnings =
    'warnings' in parsed && parsed.warnings.length > 0
      ? describeProblems(parsed.warnings, trafficPath).split('\n')
      : [];
  return { config, configText, plan, planText, warnings };
}
