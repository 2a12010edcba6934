import { countText, durationText, percentText } from '../figures-text.ts';
import { type SloVerdict, valueText } from '../judge/index.ts';
import type { Summary, TaskSummary } from '../summary.ts';
import { type Attributes, xmlElement, xmlText } from './xml.ts';

interface TestCase {
  readonly group: 'run' | 'thresholds' | 'tasks';
  readonly name: string;
  readonly seconds: number;
  readonly verdict: { readonly kind: 'failure' | 'error'; readonly message: string } | 'skipped' | 'passed';
  readonly output: string;
}

/**
 * The summary as a JUnit report: one test case for the end of the run, one for the balance of the ledger, one for the
 * rate, one for each threshold and each task. A report has failures or errors exactly when the command's exit code is not 0.
 * Only elements and attributes that Jenkins and GitLab know are used.
 * @param isRateRequired whether a rate that was not held is a failure
 */
export function renderJunit(summary: Summary, isRateRequired: boolean): string {
  const cases = [
    endCase(summary),
    balanceCase(summary),
    rateCase(summary, isRateRequired),
    ...summary.slos.map(thresholdCase),
    ...summary.tasks.map(taskCase),
  ];
  const count = (kind: string): number =>
    cases.filter(({ verdict }) => (typeof verdict === 'string' ? verdict : verdict.kind) === kind).length;
  const counts = { tests: cases.length, failures: count('failure'), errors: count('error') };
  const time = summary.elapsedUs / 1e6;
  const suite = xmlElement(
    'testsuite',
    {
      name: `drumline run ${summary.run}`,
      ...counts,
      skipped: count('skipped'),
      time: seconds(time),
      timestamp: summary.started.slice(0, 19),
    },
    cases.map(testCase),
  );
  const all = xmlElement('testsuites', { name: 'drumline', ...counts, time: seconds(time) }, [suite]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}\n`;
}

const ENDED: ReadonlySet<string> = new Set(['finished']);

function endCase({ state, elapsedUs, notes }: Summary): TestCase {
  return {
    group: 'run',
    name: 'the run finishes',
    seconds: elapsedUs / 1e6,
    verdict: ENDED.has(state) ? 'passed' : { kind: 'error', message: `the run has ended as: ${state}` },
    output: notes.join('\n'),
  };
}

function balanceCase({ balanced, ledger, notes }: Summary): TestCase {
  const { planned, ok, failed, dropped } = ledger;
  const sums = `${countText(planned)} ops planned; ${countText(ok)} ok, ${countText(failed)} failed, ${countText(dropped)} dropped`;
  return {
    group: 'run',
    name: 'every planned op has exactly one outcome',
    seconds: 0,
    verdict: balanced ? 'passed' : { kind: 'failure', message: notes[0] ?? sums },
    output: sums,
  };
}

function rateCase({ certificate }: Summary, isRequired: boolean): TestCase {
  const isMissed = isRequired && certificate !== null && certificate.verdict !== 'rate held';
  return {
    group: 'run',
    name: 'the planned rate is held',
    seconds: 0,
    verdict: isMissed ? { kind: 'failure', message: certificate.verdict } : isRequired ? 'passed' : 'skipped',
    output: certificate === null ? '' : `${certificate.verdict}: ${certificate.reason}`,
  };
}

function thresholdCase(slo: SloVerdict): TestCase {
  const said = slo.decided ? `it was ${valueText(slo)}` : 'undecided: there were too few ops';
  return {
    group: 'thresholds',
    name: slo.text,
    seconds: 0,
    verdict: slo.ok ? 'passed' : { kind: 'failure', message: said },
    output: slo.aborted ? `${said}; it ended the run` : said,
  };
}

function taskCase(task: TaskSummary): TestCase {
  const { planned, ok, failed, dropped } = task.ledger;
  const missing = planned - ok - failed - dropped;
  return {
    group: 'tasks',
    name: `task ${task.task}: ${task.action}`,
    seconds: task.rate.achieved > 0 ? (ok + failed) / task.rate.achieved : 0,
    verdict:
      missing !== 0
        ? {
            kind: 'failure',
            message: `${countText(Math.abs(missing))} ops have ${missing > 0 ? 'no' : 'more than one'} outcome`,
          }
        : planned === 0
          ? 'skipped'
          : 'passed',
    output: taskText(task),
  };
}

function taskText({ ledger, rate, response, service, errors }: TaskSummary): string {
  const codes = Object.entries(errors).map(([code, count]) => `${code}: ${countText(count)}`);
  return [
    `planned ${countText(ledger.planned)}, ok ${countText(ledger.ok)}, failed ${countText(ledger.failed)}, dropped ${countText(ledger.dropped)}`,
    `rate planned ${rate.planned.toFixed(1)}/s, achieved ${rate.achieved.toFixed(1)}/s, held ${percentText(rate.held)}`,
    `response p50 ${durationText(response.p50Us)}, p99 ${durationText(response.p99Us)}, max ${durationText(response.maxUs)}`,
    `service (uncorrected) p50 ${durationText(service.p50Us)}, p99 ${durationText(service.p99Us)}, max ${durationText(service.maxUs)}`,
    ...codes,
  ].join('\n');
}

function testCase({ group, name, seconds: time, verdict, output }: TestCase): string {
  const attributes: Attributes = { classname: `drumline.${group}`, name, time: seconds(time) };
  const result =
    verdict === 'passed'
      ? []
      : [
          verdict === 'skipped'
            ? xmlElement('skipped', {})
            : xmlElement(verdict.kind, { message: verdict.message, type: group }),
        ];
  const said = output === '' ? [] : [`<system-out>${xmlText(output)}</system-out>`];
  return xmlElement('testcase', attributes, [...result, ...said]);
}

const seconds = (value: number): string => value.toFixed(3);
