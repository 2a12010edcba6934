export type { Clock } from './clock.ts';
export { delay, SystemClock } from './clock.ts';
export { VirtualClock } from './virtual-clock.ts';
