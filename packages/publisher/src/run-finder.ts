import type { Bus } from '@drumline/core/bus';
import { DrumlineError } from '@drumline/core/errors';
import { type Decisions, decodeDecisions, decodeRun, FINAL_STATES, type RunRecord } from '@drumline/core/run';

/** All that a publisher has left of a run. */
export interface FoundRun {
  readonly record: RunRecord;
  readonly decisions: Decisions;
}

/** @throws DrumlineError DRUM_RESUME_UNKNOWN when the run is not there, or cannot be read. */
export async function findRun(bus: Bus, run: string): Promise<FoundRun> {
  const fields = await bus.readRun(run);
  if (fields === undefined) {
    throw new DrumlineError('DRUM_RESUME_UNKNOWN', `there is no run ${run} on this prefix`, {
      hint: 'A run is kept for 7 days after its end. Are --redis and --prefix those of the run?',
    });
  }
  try {
    return { record: decodeRun(fields), decisions: decodeDecisions(fields) };
  } catch (error) {
    throw unreadable(run, error instanceof Error ? error.message : String(error));
  }
}

/** Nothing is left to be played, or waited for: a run that was stopped is over once what it had published is accounted for. */
export const isOver = ({ record, decisions }: FoundRun): boolean =>
  decisions.over || (FINAL_STATES.has(record.state) && record.state !== 'stopped');

export const unreadable = (run: string, why: string): DrumlineError =>
  new DrumlineError('DRUM_RESUME_UNKNOWN', `the record of run ${run} cannot be played on: ${why}`);
