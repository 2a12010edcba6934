/** `npm run bench` lists the benchmarks, `npm run bench <name>` runs one. */
import { parseArgs } from 'node:util';
import { ack } from './ack.ts';
import { batch } from './batch.ts';
import type { Benchmark } from './benchmark.ts';
import { chaosPublisher, chaosRedis, chaosSentinel, chaosWorkers } from './chaos.ts';
import { control } from './control.ts';
import { drivers } from './drivers.ts';
import { dynalite } from './dynalite.ts';
import { histogram } from './histogram.ts';
import { http } from './http.ts';
import { jitter } from './jitter.ts';
import { keys } from './keys.ts';
import { printLoad, printMachine } from './machine.ts';
import { memory } from './memory.ts';
import { pacing } from './pacing.ts';
import { redelivery } from './redelivery.ts';
import { drift, schedule } from './schedule.ts';
import { workerCli } from './worker-cli.ts';
import { workerDynamoDb } from './worker-dynamodb.ts';
import { workerRedis } from './worker-redis.ts';

const BENCHMARKS: readonly Benchmark[] = [
  pacing,
  drift,
  schedule,
  keys,
  batch,
  histogram,
  drivers,
  workerRedis,
  workerDynamoDb,
  http,
  workerCli,
  dynalite,
  jitter,
  ack,
  control,
  redelivery,
  chaosWorkers,
  chaosPublisher,
  chaosRedis,
  chaosSentinel,
  memory,
];

const name = process.argv[2];
const chosen = BENCHMARKS.filter((benchmark) => benchmark.name === name);
if (name === undefined) {
  list();
} else if (chosen.length === 0) {
  console.error(`There is no benchmark ${name}.`);
  list();
  process.exitCode = 2;
} else {
  for (const benchmark of chosen) await run(benchmark);
}

async function run(benchmark: Benchmark): Promise<void> {
  let option: (name: string) => number;
  try {
    option = optionsOf(benchmark);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return;
  }
  printMachine();
  await benchmark.run(option);
  printLoad();
}

function list(): void {
  const width = Math.max(...BENCHMARKS.map((benchmark) => benchmark.name.length));
  console.log('npm run bench <name> [-- --option value]\n');
  for (const { name: of, about, options } of BENCHMARKS) {
    const shown = Object.entries(options).map(([option, value]) => `--${option} ${value}`);
    console.log(`  ${of.padEnd(width)}  ${about}${shown.length === 0 ? '' : `  (${shown.join(' ')})`}`);
  }
}

/** Reads `--name value` pairs; a name that the benchmark does not have, or a value that is no number, ends it. */
function optionsOf({ options }: Benchmark): (option: string) => number {
  const specs = Object.fromEntries(Object.keys(options).map((option) => [option, { type: 'string' as const }]));
  const { values } = parseArgs({ args: process.argv.slice(3), options: specs });
  const given = new Map(Object.entries(options).map(([option, value]) => [option, Number(values[option] ?? value)]));
  for (const [option, value] of given) {
    if (!(value > 0)) throw new RangeError(`--${option} is ${String(values[option])}, expected a number above 0`);
  }
  return (option) => given.get(option) ?? Number.NaN;
}
