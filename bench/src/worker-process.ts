import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bus } from '@drumline/core/bus';
import { Histogram } from '@drumline/core/stats';
import { decodeReport, type WorkerReport } from '@drumline/core/wire';

const DRUMLINE = fileURLToPath(new URL('../../packages/cli/bin/drumline.mjs', import.meta.url));

/** `drumline worker` as anybody starts it, and what it says of itself every second. */
export class WorkerProcess implements AsyncDisposable {
  readonly #end: () => Promise<void>;
  readonly #reports: WorkerReport[] = [];
  #heard: (() => void) | undefined;

  private constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  /** One engine on the prefix `bench` of the Redis at `url`, against the Redis on `targetPort`. */
  static async start(bus: Bus, url: string, targetPort: number): Promise<WorkerProcess> {
    const fleet = ['--redis', url, '--prefix', 'bench', '--engines', '1'];
    const args = [...fleet, '--db', 'redis', '--endpoint', `127.0.0.1:${targetPort}`];
    const child = spawn(process.execPath, [DRUMLINE, 'worker', '--log-level', 'warn', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exit = once(child, 'exit');
    const kill = (): unknown => child.kill('SIGKILL');
    process.once('exit', kill);
    const worker = new WorkerProcess(async () => {
      process.off('exit', kill);
      await unsubscribe();
      child.kill('SIGTERM');
      await exit;
    });
    const unsubscribe = await bus.onReport((message) => worker.#hear(decodeReport(message)));
    await worker.nextReport();
    return worker;
  }

  /** The next one that comes. */
  async nextReport(): Promise<WorkerReport> {
    await new Promise<void>((resolve) => {
      this.#heard = resolve;
    });
    return this.#reports.at(-1) as WorkerReport;
  }

  /** All so far. */
  get reports(): readonly WorkerReport[] {
    return this.#reports;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }

  #hear(report: WorkerReport | undefined): void {
    if (report === undefined) return;
    // Histograms are of no interest here, and would grow this process while it watches another's memory.
    this.#reports.push({
      ...report,
      tasks: report.tasks.map((task) => ({ ...task, response: EMPTY, service: EMPTY, lateness: EMPTY })),
    });
    this.#heard?.();
  }
}

const EMPTY = new Histogram();
