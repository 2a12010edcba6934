import { type Counter, DISTURBANCES, type Durations, Histogram } from '@drumline/core/stats';
import { type Instant, type Micros, micros } from '@drumline/core/units';
import type { FanIn, WorkerFigures } from '../fan-in.ts';
import type { MetricFamily, Sample } from './exposition.ts';

/** What the metrics are read from, at one moment. */
export interface MetricsSource {
  readonly run: string;
  readonly prefix: string;
  readonly now: Instant;
  readonly figures: FanIn;
  readonly status: {
    readonly state: string;
    readonly elapsed: Micros;
    readonly factor: number;
    readonly backlog: Micros;
    /** Elements by queue. */
    readonly queues: readonly number[];
    readonly tasks: readonly {
      readonly task: number;
      readonly action: string;
      readonly published: number;
      /** Planned ops per second, now. */
      readonly qps: number;
    }[];
  };
}

type Family = MetricFamily<MetricsSource>;

const STATES = ['running', 'paused', 'draining', 'stopped', 'done', 'failed'];
const ALIVE: Micros = micros(5_000_000);
const RATE_OVER: Micros = micros(1_000_000);

const TASK = ['task', 'action'];

const one =
  (value: (source: MetricsSource) => number) =>
  (source: MetricsSource): Sample[] => [{ labels: {}, value: value(source) }];

type Status = MetricsSource['status']['tasks'][number];

const perTask =
  (value: (task: Status, source: MetricsSource) => number) =>
  (source: MetricsSource): Sample[] =>
    source.status.tasks.map((each) => ({
      labels: { task: each.task, action: each.action },
      value: value(each, source),
    }));

const counterOf = (name: Counter) =>
  perTask(({ task }, { run, figures }) => figures.task(run, task)?.counters[name] ?? 0);

const durations =
  (name: keyof Durations) =>
  ({ run, figures, status }: MetricsSource): Sample[] =>
    status.tasks.map(({ task, action }) => ({
      labels: { task, action },
      histogram: figures.task(run, task)?.all[name] ?? new Histogram(),
    }));

const alive = ({ figures, now }: MetricsSource): WorkerFigures[] =>
  figures.workers().filter(({ at }) => now - at < ALIVE);

const perWorker =
  (value: (worker: WorkerFigures) => number) =>
  (source: MetricsSource): Sample[] =>
    alive(source).map((each) => ({ labels: { worker: each.worker }, value: value(each) }));

const OUTCOMES = ['ok', 'failed', 'dropped'] as const;

function outcomes({ run, figures, status }: MetricsSource): Sample[] {
  return status.tasks.flatMap(({ task, action }) =>
    OUTCOMES.map((outcome) => ({
      labels: { task, action, outcome },
      value: figures.task(run, task)?.counters[outcome] ?? 0,
    })),
  );
}

function errors({ run, figures, status }: MetricsSource): Sample[] {
  return status.tasks.flatMap(({ task, action }) =>
    [...(figures.task(run, task)?.errors ?? [])].map(([code, value]) => ({ labels: { task, action, code }, value })),
  );
}

const RUN_METRICS: readonly Family[] = [
  {
    name: 'drumline_run_info',
    type: 'info',
    help: 'The run that is on; always 1.',
    labels: ['run', 'prefix'],
    samples: ({ run, prefix }) => [{ labels: { run, prefix }, value: 1 }],
  },
  {
    name: 'drumline_run_state',
    type: 'gauge',
    help: 'What the publisher does: 1 for its present state, 0 for the others.',
    labels: ['state'],
    samples: ({ status }) => STATES.map((state) => ({ labels: { state }, value: state === status.state ? 1 : 0 })),
  },
  {
    name: 'drumline_elapsed_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the run began.',
    labels: [],
    samples: one(({ status }) => status.elapsed / 1e6),
  },
  {
    name: 'drumline_rate_factor',
    type: 'gauge',
    help: 'By which a rate command has multiplied every rate; 1 = as planned.',
    labels: [],
    samples: one(({ status }) => status.factor),
  },
  {
    name: 'drumline_backlog_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the oldest batch that waits on a queue.',
    labels: [],
    samples: one(({ status }) => status.backlog / 1e6),
  },
  {
    name: 'drumline_queue_elements',
    type: 'gauge',
    help: 'Elements that wait on a queue.',
    labels: ['queue'],
    samples: ({ status }) => status.queues.map((value, queue) => ({ labels: { queue }, value })),
  },
  {
    name: 'drumline_workers',
    type: 'gauge',
    help: 'Workers that have reported in the last 5 s.',
    labels: [],
    samples: one((source) => alive(source).length),
  },
  {
    name: 'drumline_in_flight',
    type: 'gauge',
    help: 'Ops that are with their target.',
    labels: [],
    samples: one((source) => alive(source).reduce((sum, { inFlight }) => sum + inFlight, 0)),
  },
  {
    name: 'drumline_measured_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'Worker-seconds in which ops were sent or ended.',
    labels: [],
    samples: one(({ run, figures }) => figures.seconds(run).of),
  },
  {
    name: 'drumline_disturbed_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'Those of them in which something besides the target had a part in what was measured.',
    labels: [],
    samples: one(({ run, figures }) => figures.seconds(run).disturbed),
  },
  {
    name: 'drumline_disturbance_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'Disturbed worker-seconds by reason; one may have several.',
    labels: ['reason'],
    samples: ({ run, figures }) => {
      const seconds = figures.seconds(run);
      return DISTURBANCES.map((reason) => ({ labels: { reason }, value: seconds[reason] }));
    },
  },
  {
    name: 'drumline_unreadable_reports_total',
    type: 'counter',
    help: 'Messages on the stats channel that could not be read.',
    labels: [],
    samples: one(({ figures }) => figures.unreadable),
  },
];

const TASK_METRICS: readonly Family[] = [
  {
    name: 'drumline_rate_planned',
    type: 'gauge',
    help: 'Ops per second that the plan has now.',
    labels: TASK,
    samples: perTask(({ qps }) => qps),
  },
  {
    name: 'drumline_rate_sent',
    type: 'gauge',
    help: 'Ops per second that were sent over the last second that every worker has reported.',
    labels: TASK,
    samples: perTask(({ task }, { run, figures, now }) => figures.rate(run, task, now, RATE_OVER)),
  },
  {
    name: 'drumline_ops_published_total',
    type: 'counter',
    help: 'Ops that are due and were put on a queue, or given up by the publisher.',
    labels: TASK,
    samples: perTask(({ published }) => published),
  },
  {
    name: 'drumline_ops_sent_total',
    type: 'counter',
    help: 'Ops that were sent to their target.',
    labels: TASK,
    samples: counterOf('sent'),
  },
  {
    name: 'drumline_ops_total',
    type: 'counter',
    help: 'Ops that have ended, by outcome.',
    labels: [...TASK, 'outcome'],
    samples: outcomes,
  },
  {
    name: 'drumline_op_errors_total',
    type: 'counter',
    help: 'Failed ops by error code.',
    labels: [...TASK, 'code'],
    samples: errors,
  },
  {
    name: 'drumline_response_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Intended start to the end of the answer: what a user feels.',
    labels: TASK,
    samples: durations('response'),
  },
  {
    name: 'drumline_service_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Actual send to the end of the answer, uncorrected: it hides the wait before the send.',
    labels: TASK,
    samples: durations('service'),
  },
  {
    name: 'drumline_lateness_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Actual send minus intended start; 0 for ops that were sent early.',
    labels: TASK,
    samples: durations('lateness'),
  },
  {
    name: 'drumline_items_total',
    type: 'counter',
    help: 'Items that the target read or wrote.',
    labels: TASK,
    samples: counterOf('items'),
  },
  {
    name: 'drumline_misses_total',
    type: 'counter',
    help: 'Keys that were asked for and are not there.',
    labels: TASK,
    samples: counterOf('misses'),
  },
  {
    name: 'drumline_throttles_total',
    type: 'counter',
    help: 'Answers that said "slow down".',
    labels: TASK,
    samples: counterOf('throttles'),
  },
  {
    name: 'drumline_sent_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Payload to the target.',
    labels: TASK,
    samples: counterOf('bytesSent'),
  },
  {
    name: 'drumline_received_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Payload from the target.',
    labels: TASK,
    samples: counterOf('bytesReceived'),
  },
];

const WORKER_METRICS: readonly Family[] = [
  {
    name: 'drumline_worker_rate_sent',
    type: 'gauge',
    help: 'Ops per second that the worker sent between its last two reports.',
    labels: ['worker'],
    samples: perWorker(({ rate }) => rate),
  },
  {
    name: 'drumline_worker_in_flight',
    type: 'gauge',
    help: 'Ops of the worker that are with their target.',
    labels: ['worker'],
    samples: perWorker(({ inFlight }) => inFlight),
  },
  {
    name: 'drumline_worker_cpu_cores',
    type: 'gauge',
    help: 'CPU cores that the worker used between its last two reports.',
    labels: ['worker'],
    samples: perWorker(({ cpu }) => cpu),
  },
  {
    name: 'drumline_worker_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of the worker.',
    labels: ['worker'],
    samples: perWorker(({ memory }) => memory.rss),
  },
  {
    name: 'drumline_event_loop_delay_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How late the event loop of the slowest OS thread of the worker was since its last report, 99 %.',
    labels: ['worker'],
    samples: perWorker(({ eventLoopDelay }) => eventLoopDelay.p99 / 1e3),
  },
  {
    name: 'drumline_clock_error_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: "Error bar of the worker's reading of the fleet's clock.",
    labels: ['worker'],
    samples: perWorker(({ clockError }) => clockError / 1e6),
  },
];

/** Everything that the endpoint exposes. */
export const METRICS: readonly Family[] = [...RUN_METRICS, ...TASK_METRICS, ...WORKER_METRICS];
