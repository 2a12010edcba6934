export type { Driver, Outcome } from './driver.ts';
export { Abort } from './driver.ts';
