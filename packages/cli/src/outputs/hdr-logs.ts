import { join } from 'node:path';
import { DURATIONS } from '@drumline/core/stats';
import { hdrLogHeader, hdrLogLine, hdrLogName, type TimelinePoint } from '@drumline/report';
import { OutputFile } from './output-file.ts';

export interface HdrLogsOptions {
  readonly folder: string;
  readonly run: string;
  readonly append: boolean;
  readonly onFailure: (reason: string) => void;
}

/** HdrHistogram logs: a file for each task and kind of duration, with a histogram a second in which there was one. */
export class HdrLogs {
  readonly #options: HdrLogsOptions;
  readonly #files = new Map<string, OutputFile>();

  constructor(options: HdrLogsOptions) {
    this.#options = options;
  }

  add(point: TimelinePoint): void {
    const { folder, run, append, onFailure } = this.#options;
    for (const task of point.tasks) {
      for (const kind of DURATIONS) {
        if (task[kind].total === 0) continue;
        const name = hdrLogName(task, kind);
        let file = this.#files.get(name);
        if (file === undefined) {
          const header = hdrLogHeader(run, `${kind} of task ${task.task}`, point.at);
          file = new OutputFile({ path: join(folder, name), append, header, onFailure });
          this.#files.set(name, file);
        }
        file.write(hdrLogLine(task[kind], point));
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }
}
