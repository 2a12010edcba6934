export type { Driver, Executor, Outcome } from './driver.ts';
export { Abort } from './driver.ts';
export type { AwsCredentials, DriverOptions, TargetTls, ValueSource } from './driver-options.ts';
export { isMultiRow } from './driver-options.ts';
export type { HttpTarget, PlayedHttp } from './http/index.ts';
export { createTable, openDriver, openHttpTarget } from './open-driver.ts';
