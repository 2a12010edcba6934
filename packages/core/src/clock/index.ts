export type { Clock } from './clock.ts';
export { delay, SystemClock } from './clock.ts';
export type { ClockError } from './clock-sync.ts';
export { measureClock, syncClock } from './clock-sync.ts';
export { VirtualClock } from './virtual-clock.ts';
