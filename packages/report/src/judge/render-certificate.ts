import { countText, durationText, percentText } from '../figures-text.ts';
import { type Cell, type Style, table, wrapped } from '../table.ts';
import type { Certificate, WindowsSummary } from './certificate.ts';

/** The certificate as lines for a terminal. */
export function renderCertificate(certificate: Certificate, columns: number, style: Style): string[] {
  const { verdict, reason, windows, jitter, generator } = certificate;
  const isHeld = verdict === 'rate held';
  const said = wrapped(`${isHeld ? '✓' : '✗'} ${verdict}: ${reason}`, columns);
  const quantiles = [
    `p50 ${durationText(jitter.p50Us)}`,
    `p90 ${durationText(jitter.p90Us)}`,
    `p99 ${durationText(jitter.p99Us)}`,
    `p99.9 ${durationText(jitter.p999Us)}`,
    `max ${durationText(jitter.maxUs)}`,
  ];
  const facts = [
    `late ${countText(certificate.late)} (waited for a place ${countText(certificate.waited)})`,
    `dropped ${countText(certificate.dropped)}`,
    `clock ±${durationText(certificate.clockErrorUs)}`,
  ];
  const delay = `delay p99 ${durationText(generator.loopDelayP99Us)}, max ${durationText(generator.loopDelayMaxUs)}`;
  const load = [
    `generator: CPU ${cores(generator.cpuCores)} cores (a worker's peak ${cores(generator.cpuPeakCores)})`,
    `event loop busy ${percentText(generator.loopBusy)}, ${delay}`,
  ];
  return [
    ...said.map(isHeld ? style.good : style.bad),
    ...table(
      columns,
      [
        { title: 'windows', align: 'left' },
        { title: 'of', align: 'right' },
        { title: 'held', align: 'right' },
        { title: 'worst', align: 'right' },
      ],
      windows.map((row) => windowRow(row, style)),
      style,
    ),
    ...wrapped(`jitter of the sends: ${quantiles.join(' · ')}`, columns),
    ...wrapped(facts.join(' · '), columns),
    ...wrapped(load.join(' · '), columns),
  ];
}

function windowRow({ widthUs, count, held, worst }: WindowsSummary, style: Style): Cell[] {
  return [
    { text: widthText(widthUs) },
    { text: countText(count) },
    { text: percentText(held), style: held < 0.95 ? style.warn : undefined },
    {
      text:
        worst === null
          ? ''
          : `${countText(worst.sent)} of ${countText(worst.planned)} at ${worst.at.slice(11, 23)}, task ${worst.task}`,
    },
  ];
}

const widthText = (us: number): string => (us < 1_000_000 ? `${us / 1_000} ms` : `${us / 1_000_000} s`);
const cores = (value: number): string => value.toFixed(2);
