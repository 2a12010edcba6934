import { instant, micros } from '@drumline/core/units';
import { FanIn, type MetricsSource } from '@drumline/report';
import { afterEach, describe, expect, test } from 'vitest';
import { MetricsServer } from './metrics-server.ts';

const servers: MetricsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function started(port = 0): Promise<MetricsServer> {
  const server = await MetricsServer.start({ host: '127.0.0.1', port });
  servers.push(server);
  return server;
}

const source = (): MetricsSource => ({
  run: 'r1',
  prefix: 'dst',
  now: instant(0),
  figures: new FanIn(),
  status: { state: 'running', elapsed: micros(0), factor: 1, backlog: micros(0), queues: [4], tasks: [] },
});

describe('the metrics endpoint', () => {
  test('answers in the format that the scraper prefers', async () => {
    const server = await started();
    server.show(source);
    const plain = await fetch(server.url);
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await plain.text();
    expect(text).toContain('\ndrumline_queue_elements{queue="0"} 4\n');
    expect(text).not.toContain('# EOF');
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const open = await fetch(server.url, { headers: { accept } });
    expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(await open.text()).toMatch(/# EOF\n$/);
  });

  test('has nothing to show before the run', async () => {
    const { url } = await started();
    expect(await (await fetch(url)).text()).toBe('');
    expect(await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text()).toBe('# EOF\n');
  });

  test('has one path, which is only read', async () => {
    const { url } = await started();
    expect((await fetch(new URL('/', url))).status).toBe(404);
    expect((await fetch(`${url}?x=1`)).status).toBe(200);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('says before the run that its port is taken', async () => {
    const port = Number(new URL((await started()).url).port);
    await expect(MetricsServer.start({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'DRUM_METRICS_ADDRESS',
      message: `--metrics 127.0.0.1:${port} cannot be listened on: somebody else listens there`,
    });
  });

  test('says that an address is not of this host', async () => {
    await expect(MetricsServer.start({ host: '203.0.113.1', port: 0 })).rejects.toMatchObject({
      code: 'DRUM_METRICS_ADDRESS',
    });
  });
});
