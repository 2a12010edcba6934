/**
 * Who may hold claimed elements, as written in the set of workers: a worker is there as its id, and each of its consumers
 * as a seat on a queue, `<worker>/<thread>/<queue>`. From the seats anyone can find all lists of a dead worker, without
 * scanning keys; a seat stays until its list is empty and its consumer gone. Ids are percent-encoded, so a slash only separates.
 */
export interface Seat {
  readonly worker: string;
  readonly thread: string;
  readonly queue: number;
}

/** The part of a seat's name that goes into the key of its list: `<worker>/<thread>`. */
export const seatName = (worker: string, thread: string): string =>
  `${encodeURIComponent(worker)}/${encodeURIComponent(thread)}`;

export const seatMember = (seat: Seat): string => `${seatName(seat.worker, seat.thread)}/${seat.queue}`;

export const workerMember = (worker: string): string => encodeURIComponent(worker);

/**
 * A member of the set of workers, read; `seat` is absent for the worker itself. `undefined` for what nobody of Drumline's
 * writes: one such member must not hide the others.
 */
export function readMember(member: string): { readonly worker: string; readonly seat?: Seat } | undefined {
  try {
    const [worker = '', thread, queue, ...more] = member.split('/').map(decodeURIComponent);
    if (worker === '' || more.length > 0) return undefined;
    if (thread === undefined) return { worker };
    return /^\d{1,4}$/.test(queue ?? '') ? { worker, seat: { worker, thread, queue: Number(queue) } } : undefined;
  } catch {
    return undefined;
  }
}
