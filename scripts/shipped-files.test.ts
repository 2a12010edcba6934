import { readdirSync, readFileSync } from 'node:fs';
import { parseConfig, readConfig } from '@drumline/core/config';
import { checkPlanAgainstConfig, readPlan } from '@drumline/core/plan';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const jsonFiles = (folder: string): string[] =>
  readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.json'));
const configs = jsonFiles('config/');
const traffics = jsonFiles('traffic/');

describe('the examples that ship', () => {
  test.each(configs)('config/%s is valid and gives no warning', (name) => {
    expect(parseConfig(read(`config/${name}`))).toMatchObject({ warnings: [] });
  });

  test.each(traffics.flatMap((traffic) => configs.map((config) => [traffic, config] as const)))(
    'traffic/%s is valid with config/%s',
    (traffic, config) => {
      const plan = readPlan(read(`traffic/${traffic}`), traffic);
      expect(checkPlanAgainstConfig(plan, readConfig(read(`config/${config}`), config))).toEqual([]);
    },
  );
});

describe('docker-compose.yml', () => {
  const Service = z.object({
    command: z.string(),
    container_name: z.undefined().optional(),
    ports: z.undefined().optional(),
    image: z.string(),
    healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
    depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
    environment: z.record(z.string(), z.string()).optional(),
  });
  const compose = z
    .object({ services: z.record(z.string(), Service) })
    .parse(parse(read('docker-compose.yml'), { merge: true }));
  const { services } = compose;

  test('has the fleet, and nothing that keeps a service from being scaled', () => {
    expect(Object.keys(services).sort()).toEqual(['dynamodb', 'publisher', 'redis', 'worker']);
  });

  test('waits only for what exists, and for health only where there is a check', () => {
    for (const { depends_on: needs = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(needs)) {
        expect(services).toHaveProperty(name);
        if (condition === 'service_healthy') expect(services[name]?.healthcheck).toBeDefined();
      }
    }
  });

  test('plays files that ship, and lets each be replaced', () => {
    const words = services['publisher']?.command.split(/\s+/u) ?? [];
    const shipped = words
      .map((word) => /^\$\{DRUMLINE_(?:CONFIG|TRAFFIC):-(.+)\}$/u.exec(word)?.[1])
      .filter((path) => path !== undefined);
    expect(shipped).toHaveLength(2);
    for (const path of shipped) expect(read(path)).not.toBe('');
  });

  test('brings publisher and workers to the same Redis', () => {
    expect(services['worker']?.environment?.['DRUMLINE_REDIS']).toBe('redis:6379');
    expect(services['publisher']?.environment).toMatchObject({ DRUMLINE_REDIS: 'redis:6379' });
  });
});
