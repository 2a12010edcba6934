export type { NoDuration } from './duration.ts';
export { DURATION_PATTERN, parseDuration } from './duration.ts';
export type { Instant, Micros, Millis } from './units.ts';
export { BEAT, elapsed, instant, micros, microsOf, millis, millisOf, shift } from './units.ts';
