export type { Clock } from './clock.ts';
export { delay, SystemClock } from './clock.ts';
export type { ClockKeeperOptions, ClockStep } from './clock-keeper.ts';
export { ClockKeeper } from './clock-keeper.ts';
export { Metronome } from './metronome.ts';
export { MetronomeClock } from './metronome-clock.ts';
export { VirtualClock } from './virtual-clock.ts';
