/** dynalite with the table of the benchmarks. */

import { readConfig } from '@drumline/core/config';
import { millis } from '@drumline/core/units';
import { createTable } from '@drumline/targets';
import { startDynalite } from '@drumline/test/servers';
import { settingsOf } from '@drumline/worker';
import { cpuTime, serve, settings } from './serve.ts';

const { config } = settings<{ config: string }>();
const server = await startDynalite();
const { driver } = settingsOf(readConfig(config, 'config'), { db: 'dynamodb', endpoint: server.endpoint }, 1);
await createTable({ ...driver, connectWithin: millis(5_000) });
serve<'cpu', number>(server.endpoint, cpuTime, () => server.stop());
