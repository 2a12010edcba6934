import { type Batch, decodeElement } from '@drumline/core/wire';
import type { Meeting, Stage } from './stage.ts';

/** The batches that wait in the four queues of a stage, by task and in the order of their ops. */
export async function waitingBatches(meeting: Meeting, stage: Stage, taskCount: number): Promise<Batch[][]> {
  const tasks: Batch[][] = Array.from({ length: taskCount }, () => []);
  for (let queue = 0; queue < 4; queue += 1) {
    for (const element of await meeting.cli('LRANGE', `${stage.prefix}_q${queue}`, '0', '-1')) {
      const read = decodeElement(element);
      if (read.kind !== 'batch') throw new Error(`not a batch: ${element}`);
      tasks[read.batch.task]?.push(read.batch);
    }
  }
  for (const task of tasks) task.sort((a, b) => a.first - b.first);
  return tasks;
}
