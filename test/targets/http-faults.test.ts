import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { micros } from '@drumline/core/units';
import { Abort } from '@drumline/targets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPem } from '../servers/certificates.ts';
import { FAULTS, type HostileHttp, HTTP_FAULTS, makeCertificates, startHostileHttp } from '../servers/index.ts';
import { httpBench, playedHttp } from './http-target.ts';

let server: HostileHttp;
beforeAll(async () => {
  server = await startHostileHttp();
});
afterAll(() => server.stop());

const task = (more: object = {}) => playedHttp({ request: { url: `http://127.0.0.1:${server.port}/`, ...more } });
const http = { connectTimeout: micros(2_000_000), maxBody: 1_000_000 };

/** Lets go of an op after `ms`, as the pump does. */
function abortAfter(ms: number): Abort {
  const abort = new Abort();
  setTimeout(() => abort.abort(), ms).unref();
  return abort;
}

const EXPECTED: Readonly<Record<keyof typeof FAULTS, string>> = {
  refuses: 'DRUM_CONNECT',
  isDeaf: 'DRUM_OP_TIMEOUT',
  saysNothing: 'DRUM_OP_TIMEOUT',
  closesAtOnce: 'DRUM_HTTP_RESET',
  resetsAtOnce: 'DRUM_HTTP_RESET',
  closesInsteadOfAnswering: 'DRUM_HTTP_RESET',
  resetsInsteadOfAnswering: 'DRUM_HTTP_RESET',
  resetsInTheAnswer: 'DRUM_HTTP_RESET',
  closesInTheAnswer: 'DRUM_HTTP_RESET',
  stopsInTheAnswer: 'DRUM_OP_TIMEOUT',
  sendsGarbage: 'DRUM_HTTP_ANSWER',
  sendsZeros: 'DRUM_HTTP_ANSWER',
};

describe('an HTTP target', () => {
  const faults = [
    ...Object.entries(FAULTS).map(([name, fault]) => [name, EXPECTED[name as keyof typeof FAULTS], fault] as const),
    ...Object.entries(HTTP_FAULTS).map(([name, [code, fault]]) => [name, code, fault] as const),
  ];
  test.each(faults)('that %s is counted as %s, and works again when the server does', async (_, code, fault) => {
    await using bench = await httpBench({ http, maxInFlight: 2 });
    await server.heal();
    expect(await bench.one(task())).not.toHaveProperty('error');
    await server.turn(fault);
    const outcomes = await Promise.all([1, 2, 3].map(() => bench.one(task(), abortAfter(300))));
    for (const { error } of outcomes)
      expect([code, 'DRUM_OP_TIMEOUT', 'DRUM_HTTP_RESET', 'DRUM_CONNECT']).toContain(error);
    // A reset may come before or after the request.
    if (fault !== FAULTS.resetsAtOnce) expect(outcomes.map(({ error }) => error)).toContain(code);
    await server.heal();
    server.cut();
    // The first may still meet a connection that breaks.
    const after = [await bench.one(task()), await bench.one(task()), await bench.one(task())];
    expect(after.at(-1)).not.toHaveProperty('error');
  });

  test('whose first byte is late is counted as such', async () => {
    await server.turn(FAULTS.saysNothing);
    await using bench = await httpBench({ http });
    expect(await bench.one(task({ first_byte: '50ms' }))).toMatchObject({ error: 'DRUM_HTTP_FIRST_BYTE' });
    await server.heal();
  });

  test('lets go of a request that waits for a connection', async () => {
    await server.turn(FAULTS.saysNothing);
    await using bench = await httpBench({ http: { ...http, connections: 1 } });
    const aborts = [new Abort(), new Abort()];
    const outcomes = aborts.map((abort) => bench.one(task(), abort));
    aborts[1]?.abort();
    expect(await outcomes[1]).toMatchObject({ error: 'DRUM_OP_TIMEOUT' });
    aborts[0]?.abort();
    expect(await outcomes[0]).toMatchObject({ error: 'DRUM_OP_TIMEOUT' });
    await server.heal();
    expect(await bench.one(task())).not.toHaveProperty('error');
  });
});

describe('an HTTP target with TLS', () => {
  test('is trusted by its authority, asks for a certificate, or is taken as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drumline-tls-'));
    const files = await makeCertificates(folder);
    const { ca, cert, key } = await readPem({ ca: files.ca, ...files.client });
    const own = await readPem({ ca: files.ca, ...files.server });
    const secure = createServer({ ...own, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      response.end(String(Reflect.get(request.socket, 'authorized')));
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = secure.address() as AddressInfo;
      const check = (body: string) =>
        playedHttp({ request: { url: `https://127.0.0.1:${port}/` }, checks: { body: { contains: body } } });
      await using stranger = await httpBench({ http });
      expect(await stranger.one(check(''))).toMatchObject({ error: 'DRUM_HTTP_TLS' });
      await using trusting = await httpBench({ http, tls: { ca } });
      expect(await trusting.one(check('false'))).not.toHaveProperty('error');
      await using known = await httpBench({ http, tls: { ca, cert, key } });
      expect(await known.one(check('true'))).not.toHaveProperty('error');
      await using careless = await httpBench({ http, tls: { insecure: true } });
      expect(await careless.one(check('false'))).not.toHaveProperty('error');
    } finally {
      secure.closeAllConnections();
      secure.close();
      await rm(folder, { recursive: true });
    }
  });
});
