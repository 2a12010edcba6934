export type { Exit } from './drumline-error.ts';
export { DrumlineError, EXIT } from './drumline-error.ts';
export type { ErrorCode } from './registry.ts';
export { isErrorCode, REGISTRY } from './registry.ts';
