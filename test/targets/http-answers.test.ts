import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostileHttp, httpAnswer, sendsHttp, startHostileHttp } from '../servers/index.ts';
import { httpBench, playedHttp } from './http-target.ts';

let server: HostileHttp;
beforeAll(async () => {
  server = await startHostileHttp();
});
afterAll(() => server.stop());

/** The code of an op whose answer is this; `undefined` when it is ok. */
async function codeOf(answer: Buffer, checks?: object, request: object = {}): Promise<string | undefined> {
  await server.turn(sendsHttp(answer));
  await using bench = await httpBench();
  const url = `http://127.0.0.1:${server.port}/`;
  return (await bench.one(playedHttp({ request: { url, ...request }, ...(checks && { checks }) }))).error;
}

const json = (value: unknown, headers?: string): Buffer => httpAnswer(200, JSON.stringify(value), headers);

describe('the answer to an HTTP request', () => {
  test('is good below 400 when there are no checks', async () => {
    expect(await codeOf(httpAnswer(204, ''))).toBeUndefined();
    expect(await codeOf(httpAnswer(302, '', 'location: /x\r\n'))).toBeUndefined();
    expect(await codeOf(httpAnswer(404, 'no'))).toBe('DRUM_CHECK_STATUS');
    expect(await codeOf(httpAnswer(500, 'no'))).toBe('DRUM_CHECK_STATUS');
  });

  test('is judged by its status', async () => {
    expect(await codeOf(httpAnswer(404, ''), { status: [200, '4xx'] })).toBeUndefined();
    expect(await codeOf(httpAnswer(201, ''), { status: 200 })).toBe('DRUM_CHECK_STATUS');
  });

  test('is judged by its headers', async () => {
    const answer = json({}, 'content-type: text/html\r\nvia: a\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n');
    expect(await codeOf(answer, { headers: { Via: 'a', 'content-type': { matches: 'html$' } } })).toBeUndefined();
    expect(await codeOf(answer, { headers: { 'set-cookie': 'b=2' } })).toBeUndefined();
    expect(await codeOf(answer, { headers: { via: 'b' } })).toBe('DRUM_CHECK_HEADER');
    expect(await codeOf(answer, { headers: { etag: true } })).toBe('DRUM_CHECK_HEADER');
  });

  test('is judged by its body and its length', async () => {
    const answer = httpAnswer(200, 'hello wörld');
    expect(await codeOf(answer, { body: { contains: 'wörld', matches: '^h.l+o' } })).toBeUndefined();
    expect(await codeOf(answer, { body: { contains: 'Wörld' } })).toBe('DRUM_CHECK_BODY');
    expect(await codeOf(answer, { body: { matches: '^wörld' } })).toBe('DRUM_CHECK_BODY');
    expect(await codeOf(answer, { size: { min: 12, max: 12 } })).toBeUndefined();
    expect(await codeOf(answer, { size: { max: 11 } })).toBe('DRUM_CHECK_SIZE');
    expect(await codeOf(answer, { size: { min: 13 } })).toBe('DRUM_CHECK_SIZE');
  });

  test('is judged by the values of its JSON', async () => {
    const answer = json({ items: [{ id: 5, tags: { a: 1, b: [2] } }], none: null });
    const good = { 'items[0].id': 5, none: null, 'items[1]': { exists: false }, $: { exists: true } };
    expect(await codeOf(answer, { json: good })).toBeUndefined();
    expect(await codeOf(answer, { json: { 'items[0].tags': { equals: { b: [2], a: 1 } } } })).toBeUndefined();
    expect(await codeOf(answer, { json: { 'items[0].tags': { equals: { a: 1 } } } })).toBe('DRUM_CHECK_JSON');
    expect(await codeOf(answer, { json: { 'items[0].id': '5' } })).toBe('DRUM_CHECK_JSON');
    expect(await codeOf(answer, { json: { 'items.length': 1 } })).toBe('DRUM_CHECK_JSON');
    expect(await codeOf(answer, { json: { toString: { exists: true } } })).toBe('DRUM_CHECK_JSON');
    expect(await codeOf(httpAnswer(200, '<html>'), { json: { a: 1 } })).toBe('DRUM_CHECK_JSON');
  });

  test('is judged by the time that it took', async () => {
    expect(await codeOf(json({}), { time: '1us' })).toBe('DRUM_CHECK_TIME');
    expect(await codeOf(json({}), { time: '1h' })).toBeUndefined();
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('is unpacked from %s for its checks, and counted as it came', async (coding, pack) => {
    const packed = pack(Buffer.from('{"ok":true}'.padEnd(5_000)));
    const answer = httpAnswer(200, packed, `content-encoding: ${coding}\r\n`);
    const checks = { json: { ok: true }, size: { min: packed.length, max: packed.length } };
    expect(await codeOf(answer, checks, { compressed: true })).toBeUndefined();
    const torn = httpAnswer(200, packed.subarray(0, packed.length - 3), `content-encoding: ${coding}\r\n`);
    expect(await codeOf(torn, { json: { ok: true } })).toBe('DRUM_HTTP_ANSWER');
  });

  test('is not unpacked past the bound of a body', async () => {
    const bomb = httpAnswer(200, gzipSync(Buffer.alloc(20 * 1024 * 1024)), 'content-encoding: gzip\r\n');
    expect(await codeOf(bomb, { body: { contains: 'x' } })).toBe('DRUM_HTTP_ANSWER');
  });
});
