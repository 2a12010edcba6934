import type { Slo } from '@drumline/core/slo';
import { Publisher, type PublisherOptions } from '@drumline/publisher';
import type { Inputs } from './files.ts';
import type { ResumeFlags } from './options/resume-options.ts';
import type { RunFlags } from './options/run-options.ts';
import { newRunId, newSeed } from './run-id.ts';
import { thresholdsOf } from './thresholds.ts';

/** How a publisher comes by its run. */
export interface Beginning {
  readonly run: string;
  /** Of the files that were read. */
  readonly warnings: readonly string[];
  /** Thresholds that decide about the exit code. */
  readonly slos: readonly Slo[];
  /** @param signal ends the waiting for workers. */
  begin(options: PublisherOptions, signal: AbortSignal): Promise<Publisher>;
}

/** A new run of a traffic file. @throws DrumlineError DRUM_SLO_INVALID */
export function newRun(inputs: Inputs, flags: RunFlags): Beginning {
  const { plan, planText, configText, warnings } = inputs;
  const { scale, speed } = flags;
  const workers = { count: flags.workers, within: flags.waitWorkers };
  const premiere = { plan, planText, configText, scale, speed, workers, drawSeed: newSeed };
  return {
    run: newRunId(),
    warnings,
    slos: thresholdsOf(flags.slo ?? [], inputs),
    begin: (options, signal) => Publisher.prepare({ ...options, ...premiere }, signal),
  };
}

/**
 * A run whose publisher has died.
 * @param patient waits for a lock that nobody renews any more.
 */
export function deadRun(run: string, slos: readonly Slo[], { gap }: ResumeFlags, patient: boolean): Beginning {
  return {
    run,
    warnings: [],
    slos,
    begin: async (options, signal) => {
      const publisher = await Publisher.takeOver({ ...options, gap }, patient);
      if (signal.aborted) publisher.drain();
      return publisher;
    },
  };
}
