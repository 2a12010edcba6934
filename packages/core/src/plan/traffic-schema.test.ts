import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refusedOffers } from '../document/refused-offers.ts';
import { TASK_FIELDS } from './task-fields.ts';
import { trafficSchema } from './traffic-schema.ts';

describe('the traffic schema', () => {
  test('is the one in config/schema (else run: npm run generate)', () => {
    const file = new URL('../../../../config/schema/traffic.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(trafficSchema())));
  });

  test('offers editors only what the parser takes, and defaults that read to what absence means', () => {
    expect(refusedOffers(TASK_FIELDS)).toEqual([]);
  });

  test('describes what a file may hold', () => {
    expect(trafficSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: {
        sequence: { type: 'array', minItems: 1, items: { else: { $ref: '#/$defs/task' } } },
        group: { type: 'array', minItems: 1, items: { else: { $ref: '#/$defs/task' } } },
        task: {
          required: ['action', 'qps'],
          additionalProperties: false,
          properties: { repeat: { type: 'integer', minimum: 1, default: 1 }, qpss: { minItems: 24, maxItems: 24 } },
        },
      },
    });
  });
});
