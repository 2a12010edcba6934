import { DrumlineError } from '@drumline/core/errors';

/** The names of everything that Drumline keeps in Redis. No other file builds one. */
export interface Keys {
  readonly config: string;
  readonly notify: string;
  readonly stats: string;
  readonly workers: string;
  readonly publisher: string;
  readonly epoch: string;
  /** The correction of the fleet's clock. */
  readonly clock: string;
  /** Names the run that was begun last. */
  readonly lastRun: string;
  readonly audit: string;
  worker(id: string): string;
  run(run: string): string;
  queue(queue: number): string;
  /** The elements that a consumer has claimed. */
  claimed(queue: number, seat: string): string;
  /** The queue's share of a run's ledger. */
  share(queue: number, run: string): string;
  dead(queue: number): string;
}

/**
 * All keys of a queue but the queue itself carry its name as hash tag, and a tag hashes like the bare name: so a script
 * that touches one queue touches one slot of a cluster.
 *
 * @throws `DRUM_BUS_PREFIX`: a brace in the prefix would move the tag.
 */
export function keysOf(prefix: string): Keys {
  if (!/^[^{}\s]+$/.test(prefix)) {
    throw new DrumlineError(
      'DRUM_BUS_PREFIX',
      `prefix ${JSON.stringify(prefix)}: expected a text without braces and white space`,
      {
        hint: 'Choose letters, digits and _ - . : only, for example --prefix dst.',
      },
    );
  }
  const queue = (number: number): string => `${prefix}_q${number}`;
  const tagged = (number: number, rest: string): string => `{${queue(number)}}:${rest}`;
  return {
    config: `${prefix}_cfg`,
    notify: `${prefix}_notify`,
    stats: `${prefix}_stats`,
    workers: `${prefix}_workers`,
    publisher: `${prefix}_publisher`,
    epoch: `${prefix}_epoch`,
    clock: `${prefix}_clock`,
    lastRun: `${prefix}_run`,
    audit: `${prefix}_audit`,
    worker: (id) => `${prefix}_worker:${id}`,
    run: (run) => `${prefix}_run:${run}`,
    queue,
    claimed: (number, seat) => tagged(number, `w:${seat}`),
    share: (number, run) => tagged(number, `run:${run}`),
    dead: (number) => tagged(number, 'dead'),
  };
}
