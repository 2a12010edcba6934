import { type Instant, type Micros, micros } from '../units/index.ts';

/**
 * The hour of the day at an instant: µs since midnight on the wall clock of the time zone (IANA name; `undefined` = the
 * host's).
 *
 * A schedule asks once, at the task's start, and counts 24 h of 86,400 s a day from there. So on the two days a year on
 * which clocks change, the curve stays on the hour it started with until the task ends.
 */
export function phaseOf(at: Instant, timezone: string | undefined): Micros {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const [hours = 0, minutes = 0, seconds = 0] = format
    .formatToParts(Math.floor(at / 1_000))
    .filter(({ type }) => type !== 'literal')
    .map(({ value }) => Number(value));
  const fraction = ((Math.floor(at) % SECOND) + SECOND) % SECOND;
  return micros(((hours * 60 + minutes) * 60 + seconds) * SECOND + fraction);
}

const SECOND = 1_000_000;
