import { expect, test } from 'vitest';
import { CredentialSource, type ExpiringCredentials } from './credentials.ts';

const HOUR = 3_600_000;
const until = (ms: number): ExpiringCredentials => ({
  accessKeyId: `until ${ms}`,
  secretAccessKey: 's',
  expiration: new Date(ms),
});
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('credentials are renewed once, in the background, before they expire', async () => {
  let asked = 0;
  const source = new CredentialSource(until(HOUR), () => {
    asked += 1;
    return Promise.resolve(until(2 * HOUR));
  });
  expect(source.refreshed(HOUR / 2)).toBeUndefined();
  expect(source.refreshed(HOUR - 60_000)).toBeUndefined();
  expect(source.refreshed(HOUR - 59_000)).toBeUndefined();
  await settled();
  expect(asked).toBe(1);
  expect(source.refreshed(HOUR - 58_000)).toEqual(until(2 * HOUR));
  expect(source.refreshed(HOUR - 57_000)).toBeUndefined();
  expect(source.current()).toEqual(until(2 * HOUR));
});

test('a renewal that fails is tried again a little later, and the old credentials stay', async () => {
  let asked = 0;
  const source = new CredentialSource(until(HOUR), () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error('no network')) : Promise.resolve(until(3 * HOUR));
  });
  source.refreshed(HOUR - 60_000);
  await settled();
  expect(source.refreshed(HOUR - 55_000)).toBeUndefined();
  expect(asked).toBe(1);
  expect(source.current()).toEqual(until(HOUR));
  source.refreshed(HOUR - 49_000);
  await settled();
  expect(source.refreshed(HOUR - 48_000)).toEqual(until(3 * HOUR));
});

test('credentials without an end are never asked for again', () => {
  const source = new CredentialSource({ accessKeyId: 'a', secretAccessKey: 'b' }, () =>
    Promise.reject(new Error('asked')),
  );
  expect(source.refreshed(Number.MAX_SAFE_INTEGER)).toBeUndefined();
});
