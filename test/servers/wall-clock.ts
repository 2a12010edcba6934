import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The wall clock of a host that is not right, for processes that are started with `env`. Their monotonic clock is true. */
export interface WallClock extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** Steps it to so many seconds before (−) or after (+) the true time; processes see it within a second. */
  shift(seconds: number): Promise<void>;
}

/** Makes one that is off by so many seconds. Needs the library of the faketime command. */
export async function startWallClock(seconds: number): Promise<WallClock> {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (library === undefined) throw new Error('faketime is not installed: apt-get install faketime');
  const folder = await mkdtemp(join(tmpdir(), 'drumline-clock-'));
  const file = join(folder, 'shift');
  const shift = (to: number): Promise<void> => writeFile(file, `${to < 0 ? '' : '+'}${to}\n`);
  await shift(seconds);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    },
    shift,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
