import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');

/** What figures depend on besides the code: printed above every benchmark. */
export function printMachine(): void {
  const memory = (totalmem() / 2 ** 30).toFixed(1);
  console.log(
    `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, ${memory} GiB; ${type()} ${release()}; Node ${process.version}`,
  );
  console.log(`${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC; load average before: ${load()}`);
}

export function printLoad(): void {
  console.log(`\nload average after: ${load()}`);
}
