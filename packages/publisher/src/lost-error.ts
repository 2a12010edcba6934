import { DrumlineError } from '@drumline/core/errors';

/** Redis has forgotten something of the run that it had confirmed; `what` says it as part of a sentence. */
export const lostError = (what: string): DrumlineError =>
  new DrumlineError('DRUM_BUS_LOST', `Redis has lost data of this run: ${what}`, {
    hint: 'Start the run again. appendonly yes with appendfsync always keeps everything over a restart.',
  });
