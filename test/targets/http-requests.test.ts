import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AskedHttp, type HostileHttp, startHostileHttp } from '../servers/index.ts';
import { httpBench, playedHttp } from './http-target.ts';

let server: HostileHttp;
const asked: AskedHttp[] = [];
beforeAll(async () => {
  server = await startHostileHttp();
  await server.turn({
    answer: (socket, good, request) => {
      asked.push(request);
      socket.write(good);
    },
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  asked.length = 0;
});

const url = (path = '/'): string => `http://127.0.0.1:${server.port}${path}`;

/** What op 0 of a task with this request sends. */
async function sentBy(request: object, fields: object = {}): Promise<AskedHttp | undefined> {
  await using bench = await httpBench();
  expect(await bench.one(playedHttp({ request: { url: url(), ...request }, ...fields }))).not.toHaveProperty('error');
  return asked[0];
}

describe('an HTTP request', () => {
  test('is what its templates make of the op', async () => {
    const data = { who: 'jo hn', text: 'a"b' };
    const sent = await sentBy(
      {
        url: url('/{{n}}/{{column who}}?x=1'),
        query: { 'a b': 'ü{{column who}}', c: ['1', '2'] },
        headers: { 'X-Key': '{{key}}' },
        body: { json: { 'a"': ['{{column text}}é', 1.5, null, true, {}], n: '{{n}}' } },
      },
      { data },
    );
    expect(sent).toMatchObject({ method: 'POST', path: '/0/jo%20hn?x=1&a%20b=%C3%BCjo%20hn&c=1&c=2' });
    expect(sent?.headers.get('x-key')).toMatch(/^[\da-f]{32}$/);
    expect(sent?.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ 'a"': ['a"bé', 1.5, null, true, {}], n: '0' });
  });

  test('carries a text, a form, or bytes', async () => {
    expect((await sentBy({ body: { text: 'ü{{n}}' } }))?.body).toBe('ü0');
    const form = await sentBy({ body: { form: { 'a b': 'x&y', n: '{{n}}' } }, method: 'PUT' }).then(() => asked[1]);
    expect(form).toMatchObject({ method: 'PUT', body: 'a%20b=x%26y&n=0' });
    expect(form?.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    await sentBy({ body: { bytes: 100 } });
    expect(asked[2]?.headers.get('content-length')).toBe('100');
  });

  test('sends the worker’s credentials when the task says so, and fails when there are none', async () => {
    const task = (auth: string) => playedHttp({ request: { url: url(), auth } });
    await using bench = await httpBench({ username: 'me', password: 'sécret' });
    await bench.one(task('basic'));
    await bench.one(task('bearer'));
    expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual([
      `Basic ${Buffer.from('me:sécret').toString('base64')}`,
      expect.stringMatching(/^Bearer s/),
    ]);
    await using nobody = await httpBench({ password: 'x' });
    expect(await nobody.one(task('basic'))).toMatchObject({ error: 'DRUM_HTTP_CREDENTIALS' });
    expect(asked).toHaveLength(2);
  });

  test('goes to the base URL when its own is a path', async () => {
    const task = playedHttp({ request: { url: '/a?b={{n}}' } });
    const http = { connectTimeout: 1_000_000, maxBody: 1_000 } as never;
    await using bench = await httpBench({ endpoint: url('/base/') });
    await bench.one(task);
    await using nowhere = await httpBench();
    expect(await nowhere.one(task)).toMatchObject({ error: 'DRUM_HTTP_NO_BASE' });
    await using configured = await httpBench({ http: Object.assign({ baseUrl: url() }, http) });
    await configured.one(task);
    expect(asked.map(({ path }) => path)).toEqual(['/base/a?b=0', '/a?b=0']);
  });

  test('is the same for the same op in every process', async () => {
    const task = playedHttp({ request: { url: url('/{{key}}/{{hex 8}}'), body: { text: '{{uuid}}' } } });
    for (const first of [0, 3]) {
      await using bench = await httpBench();
      await bench.ops(task, first === 0 ? 6 : 3, first);
    }
    const lines = asked.map(({ path, body }) => `${path} ${body}`);
    expect(new Set(lines).size).toBe(6);
    expect(new Set(lines.slice(6))).toEqual(new Set(lines.slice(3, 6)));
  });

  test('keeps its connection, and shares it with other tasks', async () => {
    const before = server.accepted;
    await using bench = await httpBench();
    for (const path of ['/a', '/b', '/a']) {
      const outcome = await bench.one(playedHttp({ request: { url: url(path) } }));
      expect(outcome.http?.connect === undefined).toBe(path !== '/a' || asked.length > 1);
    }
    expect(server.accepted - before).toBe(1);
  });

  test('waits for one of a bounded number of connections', async () => {
    const before = server.accepted;
    const http = { connectTimeout: 5_000_000, maxBody: 1_000, connections: 3 } as never;
    await using bench = await httpBench({ http });
    const outcomes = await bench.ops(playedHttp({ request: { url: url('/{{n}}') } }), 50);
    expect(outcomes.filter(({ error }) => error === undefined)).toHaveLength(50);
    expect(new Set(asked.map(({ path }) => path)).size).toBe(50);
    expect(server.accepted - before).toBe(3);
  });

  test('counts the bytes of bodies, the status and the phases', async () => {
    await using bench = await httpBench();
    const outcome = await bench.one(playedHttp({ request: { url: url(), body: { text: 'abc' } } }));
    expect(outcome).toMatchObject({ bytesSent: 3, bytesReceived: 11, http: { status: 200 } });
    expect(outcome.http?.connect).toBeGreaterThan(0);
    expect(outcome.http?.firstByte).toBeGreaterThan(0);
  });
});
