import { type Batch, encodeBatch, MOST_REDELIVERIES } from './batch.ts';
import { decodeElement } from './element.ts';

/** Ops that may run twice, and the task that they belong to. */
export interface RedeliveredOps {
  readonly run: string;
  readonly task: number;
  readonly count: number;
}

/** A list element as it goes back to its queue from a worker that died holding it. */
export interface Redelivery {
  /** A batch is marked with one redelivery more, so that an ack of the old text finds nothing. */
  readonly element: string;
  /** Absent for an element that is in no ledger: one of the original's form, or one that nobody can read. */
  readonly ops?: RedeliveredOps;
}

/** Marks an element as redelivered. What is no batch comes back unchanged. Never throws. */
export function redelivery(element: string): Redelivery {
  const batch = readBatch(element);
  if (batch === undefined) return { element };
  const { run, task, count } = batch;
  const redelivered = Math.min((batch.redelivered ?? 0) + 1, MOST_REDELIVERIES);
  return { element: encodeBatch({ ...batch, redelivered }), ops: { run, task, count } };
}

function readBatch(element: string): Batch | undefined {
  try {
    const read = decodeElement(element);
    return read.kind === 'batch' ? read.batch : undefined;
  } catch {
    return undefined;
  }
}
