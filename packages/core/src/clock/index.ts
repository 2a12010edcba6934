export type { Clock } from './clock.ts';
export { delay, SystemClock } from './clock.ts';
export { ClockKeeper } from './clock-keeper.ts';
export type { ClockError } from './clock-sync.ts';
export { measureClock, syncClock } from './clock-sync.ts';
export { Metronome } from './metronome.ts';
export { MetronomeClock } from './metronome-clock.ts';
export { VirtualClock } from './virtual-clock.ts';
