export type { Instant, Micros, Millis } from './units.ts';
export { BEAT, elapsed, instant, micros, microsOf, millis, millisOf, shift } from './units.ts';
