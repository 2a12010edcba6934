// Writes the JSON Schemas of traffic.json and config.json to config/schema/. Run it after a change of a field.
import { mkdirSync, writeFileSync } from 'node:fs';
import { configSchema } from '../packages/core/src/config/index.ts';
import { trafficSchema } from '../packages/core/src/plan/index.ts';

const folder = new URL('../config/schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, schema] of [
  ['traffic', trafficSchema()],
  ['config', configSchema()],
] as const) {
  const file = new URL(`${name}.schema.json`, folder);
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
  console.log(`wrote config/schema/${name}.schema.json`);
}
