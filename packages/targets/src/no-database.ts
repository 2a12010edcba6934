import { type Driver, failed, type Outcome } from './driver.ts';

const OUTCOME: Outcome = failed('DRUM_NO_DATABASE');

/** Stands where a database would in a worker that is there for http tasks only: data actions fail. */
export class NoDatabase implements Driver {
  readonly name = 'http';

  open(): Promise<void> {
    return Promise.resolve();
  }

  execute(): Promise<Outcome> {
    return Promise.resolve(OUTCOME);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
