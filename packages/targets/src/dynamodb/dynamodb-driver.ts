import type { DataOp } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import type { Abort, Driver, Outcome } from '../driver.ts';
import type { DriverOptions, ValueSource } from '../driver-options.ts';
import { Flight } from './flight.ts';
import type { Session } from './session.ts';

/**
 * DynamoDB. The SDK finds credentials and looks after tables; ops are signed and sent by our own lean code. Bytes are
 * those of request and answer bodies. Both the SDK and the HTTP client are loaded with `open()`: that spares a worker
 * of another target 0.3 s of CPU and 25 MB for each of its OS threads.
 */
export class DynamoDbDriver implements Driver {
  readonly name = 'dynamodb';
  readonly #options: DriverOptions;
  readonly #values: ValueSource;
  #session: Session | undefined;

  constructor(options: DriverOptions, values: ValueSource) {
    this.#options = options;
    this.#values = values;
  }

  async open(): Promise<void> {
    const { openSession } = await import('./session.ts');
    this.#session = await openSession(this.#options, this.#values);
  }

  async execute(op: DataOp, abort: Abort): Promise<Outcome> {
    if (this.#session === undefined) throw new Error('execute() before open()');
    const flight = new Flight(abort);
    try {
      await this.#session.actions[op.action](op, flight);
    } catch (error) {
      if (!(error instanceof DrumlineError)) throw error;
      flight.tally.fail(error.code);
    }
    return flight.tally;
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }
}
