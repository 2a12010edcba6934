import { DrumlineError } from '@drumline/core/errors';

/** Somebody else publishes the run now. */
export const fenced = (): DrumlineError =>
  new DrumlineError('DRUM_PUBLISHER_FENCED', 'the lock of this prefix was lost to another publisher');
