import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DrumlineError } from '@drumline/core/errors';

/**
 * Sees before the run that a file can be written. Leaves it as it is.
 * @throws DrumlineError DRUM_OUTPUT_UNUSABLE
 */
export function checkOutputFile(path: string, option: string): void {
  const folder = dirname(path);
  if (!isFolder(folder)) throw unusable(option, path, `the folder ${folder} does not exist`);
  if (isFolder(path)) throw unusable(option, path, 'it is a folder');
  try {
    accessSync(statSync(path, { throwIfNoEntry: false }) === undefined ? folder : path, constants.W_OK);
  } catch (cause) {
    throw unusable(option, path, reasonOf(cause));
  }
}

/**
 * Makes the folder, if its own folder exists.
 * @throws DrumlineError DRUM_OUTPUT_UNUSABLE
 */
export function prepareOutputFolder(path: string, option: string): void {
  try {
    if (!isFolder(path)) mkdirSync(path);
    accessSync(path, constants.W_OK);
  } catch (cause) {
    const isOrphan = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw unusable(option, path, isOrphan ? `the folder ${dirname(path)} does not exist` : reasonOf(cause));
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** What a failed call of the file system says. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const unusable = (option: string, path: string, why: string): DrumlineError =>
  new DrumlineError('DRUM_OUTPUT_UNUSABLE', `${option} ${path} cannot be written: ${why}`);
