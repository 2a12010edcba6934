export type { Log } from './log.ts';
export { silentLog } from './log.ts';
