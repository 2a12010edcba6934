export type { Driver, Outcome } from './driver.ts';
export { Abort } from './driver.ts';
export type { AwsCredentials, DriverOptions, TargetTls, ValueSource } from './driver-options.ts';
export { isMultiRow } from './driver-options.ts';
export { createTable, openDriver } from './open-driver.ts';
