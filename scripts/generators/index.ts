import { configSchema } from '@drumline/core/config';
import { trafficSchema } from '@drumline/core/plan';
import { cliReference } from './cli-reference.ts';
import { configReference } from './config-reference.ts';
import { errorReference } from './error-reference.ts';
import { outputReference } from './output-reference.ts';
import { trafficReference } from './traffic-reference.ts';

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Every generated file: its path from the root, and what it should hold. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['config/schema/traffic.schema.json', json(trafficSchema())],
    ['config/schema/config.schema.json', json(configSchema())],
    ['docs/errors.md', errorReference()],
    ['docs/reference/cli.md', await cliReference()],
    ['docs/reference/traffic.md', trafficReference()],
    ['docs/reference/config.md', configReference()],
    ['docs/reference/outputs.md', outputReference()],
  ]);
}
