import type { Config } from '@drumline/core/config';
import { itemsPerOp } from '@drumline/core/data';
import { EXIT, type Exit } from '@drumline/core/errors';
import type { ColumnSpec, PlanNode, Task } from '@drumline/core/plan';
import { phaseOf, type ScheduleSummary, scheduleOf, specOf, summaryOf } from '@drumline/core/schedule';
import { BEAT, instant, type Micros, micros } from '@drumline/core/units';
import { encodeBatch } from '@drumline/core/wire';
import { bytesText, countText, durationText, rateText } from '@drumline/report';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { drawCurve } from '../curve.ts';
import { readInputs } from '../files.ts';
import { withInputOptions, withScaleOptions } from '../options/run-options.ts';

interface PlanFlags {
  readonly config: string;
  readonly traffic: string;
  readonly scale: string;
  readonly speed: string;
  readonly json?: boolean;
}

/** What can be said of a task before it runs. */
interface TaskForecast {
  readonly task: number;
  readonly action: string;
  /** All repeats together. */
  readonly total: number;
  /** False for Poisson arrivals that a duration bounds. */
  readonly exact: boolean;
  readonly durationUs: number;
  readonly peakQps: number;
  readonly meanQps: number;
  /** Values and column names of all ops; 0 for reading tasks. */
  readonly bytesWritten: number;
  /** Batches per second at the peak. */
  readonly peakBatches: number;
  /** Redis memory of batches that wait, for each second by which workers are behind at the peak. */
  readonly queueBytesPerSecond: number;
  readonly samples: ScheduleSummary['samples'];
  /** What stands below an instant of the drawing. */
  readonly timeAt: (at: Micros) => string;
}

const WRITES: ReadonlySet<string> = new Set(['putItem', 'updateItem', 'batchPutItem']);
/** What a list element of this size costs Redis besides its bytes: a listpack entry's header and its length behind it. */
const ELEMENT_OVERHEAD = 4;
const SECOND = 1e6;

export function definePlan(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('plan')
    .description("draw each task's curve and print totals, peaks, bytes and memory; nothing is sent");
  withScaleOptions(withInputOptions(command))
    .option('--json', 'print it as JSON')
    .action(({ config, traffic, scale, speed, json }: PlanFlags) => {
      const inputs = readInputs(config, traffic);
      const forecasts = inputs.plan.tasks.map((task, i) => forecast(task, i, inputs.config, { scale, speed }));
      const [length, ops] = [
        lengthOf(inputs.plan.root, inputs.plan.tasks, forecasts),
        sum(forecasts, ({ total }) => total),
      ];
      const { terminal } = context;
      if (json === true)
        terminal.out(`${JSON.stringify({ total: ops, durationUs: length, tasks: forecasts }, undefined, 2)}\n`);
      else
        terminal.out(
          render(inputs.plan.tasks, forecasts, {
            length,
            ops,
            scale,
            speed,
            columns: Math.min(100, terminal.columns()),
          }),
        );
      done(EXIT.done);
    });
}

function forecast(
  task: Task,
  index: number,
  config: Config,
  { scale, speed }: { scale: string; speed: string },
): TaskForecast {
  // As if it started now: the first task of a plan would.
  const phase = followsTheSun(task) ? phaseOf(instant(Date.now() * 1_000), task.timezone) : micros(0);
  const schedule = scheduleOf(specOf(task, { scale, speed, phase, batchOps: config.batchOps }));
  const summary = summaryOf(schedule, 72);
  const total = summary.total * task.repeat;
  const perBeat = (summary.peak * BEAT) / SECOND;
  const peakBatches = (Math.max(1, Math.ceil(perBeat / config.batchOps)) * SECOND) / BEAT;
  return {
    task: index,
    action: task.action,
    total,
    exact: summary.exact.total,
    durationUs: summary.end * task.repeat,
    peakQps: summary.peak,
    meanQps: summary.mean,
    bytesWritten: WRITES.has(task.action) ? Math.round(total * itemsPerOp(task) * rowBytes(task, config)) : 0,
    peakBatches: Math.min(peakBatches, Math.ceil(summary.peak)),
    queueBytesPerSecond:
      Math.min(peakBatches, Math.ceil(summary.peak)) * (batchBytes(task, summary.total) + ELEMENT_OVERHEAD),
    samples: summary.samples,
    timeAt: followsTheSun(task) ? (at) => hourText(phase + at * Number(speed)) : durationText,
  };
}

const followsTheSun = (task: Task): boolean => task.clock === 'wall' && task.qpss !== undefined;

/** The time of day, hh:mm, of so many µs after a midnight. */
function hourText(sinceMidnight: number): string {
  const minutes = Math.round(sinceMidnight / 60e6) % (24 * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Mean bytes of a row: names and values. */
function rowBytes(task: Task, config: Config): number {
  const rows = task.data === undefined ? config.sampleData : [task.data];
  return rows.length === 0 ? 0 : sum(rows, (row) => sum(row, columnBytes)) / rows.length;
}

function columnBytes(column: ColumnSpec): number {
  const name = Buffer.byteLength(column.name);
  if (column.kind === 'bytes') return name + column.len;
  if (column.kind === 'suffixed') return name + Math.max(1, Math.ceil(Math.log10(column.r))) + column.len;
  return name + Buffer.byteLength(typeof column.value === 'string' ? column.value : JSON.stringify(column.value));
}

/** Bytes of the task's largest batch. */
function batchBytes(task: Task, total: number): number {
  const positions = task.seeds?.map(() => total);
  const batch = { run: 'xxxxxxxx', task: 0, first: total, count: 200, at: instant(Date.now() * 1_000), span: BEAT };
  return Buffer.byteLength(encodeBatch({ ...batch, ...(positions && { positions }) }));
}

/** µs from the first beat to the last, members of a group side by side. Waiting for outcomes between tasks comes on top. */
function lengthOf(node: PlanNode, tasks: readonly Task[], forecasts: readonly TaskForecast[]): number {
  if (node.kind === 'task') return forecasts[tasks.indexOf(node)]?.durationUs ?? 0;
  const lengths = node.members.map((member) => lengthOf(member, tasks, forecasts));
  return node.kind === 'group' ? Math.max(0, ...lengths) : sum(lengths, (length) => length);
}

interface Frame {
  readonly length: number;
  readonly ops: number;
  readonly scale: string;
  readonly speed: string;
  readonly columns: number;
}

function render(
  tasks: readonly Task[],
  forecasts: readonly TaskForecast[],
  { length, ops, scale, speed, columns }: Frame,
): string {
  const lines = forecasts.flatMap((forecast, i) => taskLines(forecast, tasks[i], columns));
  const factors = scale === '1' && speed === '1' ? '' : ` (scale ${scale}, speed ${speed})`;
  const written = sum(forecasts, ({ bytesWritten }) => bytesWritten);
  lines.push(`in all: ${countText(ops)} ops in ${durationText(length)}, ${bytesText(written)} to be written${factors}`);
  return `${lines.join('\n')}\n`;
}

function taskLines(forecast: TaskForecast, task: Task | undefined, columns: number): string[] {
  const { total, exact, durationUs, peakQps, meanQps, bytesWritten, peakBatches, queueBytesPerSecond } = forecast;
  const repeat = task === undefined || task.repeat === 1 ? '' : ` (${task.repeat} repeats)`;
  const batches = `${countText(Math.round(peakBatches))} batches/s at the peak`;
  return [
    `task ${forecast.task} ${forecast.action}: ${exact ? '' : 'about '}${countText(total)} ops in ${durationText(durationUs)}${repeat}`,
    `  rate     peak ${rateText(peakQps)}/s, mean ${rateText(meanQps)}/s`,
    ...(bytesWritten > 0
      ? [
          `  writes   ${bytesText(bytesWritten)}, ${bytesText(Math.round((bytesWritten / total) * peakQps))}/s at the peak`,
        ]
      : []),
    `  queues   ${batches}; ${bytesText(Math.round(queueBytesPerSecond))} of Redis memory a second that workers are behind`,
    ...(task?.qpss === undefined ? [] : drawCurve(forecast.samples, peakQps, columns, forecast.timeAt)),
    '',
  ];
}

const sum = <T>(values: readonly T[], figure: (value: T) => number): number =>
  values.reduce((total, value) => total + figure(value), 0);
