import type { AuditEntry, Bus } from '@drumline/core/bus';
import { type AuditRecord, decodeAudit } from '@drumline/core/notify';
import type { Instant } from '@drumline/core/units';
import { COLORED, PLAIN, table } from '@drumline/report';
import type { Terminal } from './terminal.ts';

/** What one process did with a command. */
type Verdict = Pick<AuditRecord, 'from' | 'ok' | 'code' | 'message' | 'unwritten'>;

/** One command, and what became of it everywhere. */
export interface AuditedCommand {
  readonly id: string;
  /** When it was sent, ISO 8601. */
  readonly at: string;
  readonly by: string | undefined;
  /** Whether a signature proves the sender to all who judged it. */
  readonly proven: boolean;
  readonly cmd: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  readonly run: string | undefined;
  readonly verdicts: readonly Verdict[];
}

export interface Audit {
  readonly commands: readonly AuditedCommand[];
  /** Entries that nobody of this version wrote. */
  readonly unreadable: number;
}

/** Entries that the log keeps. */
const ALL = 10_000;

/** Reads the audit log: commands in the order of their sending; only those about `run`, when there is one. */
export async function readAudit(bus: Bus, run: string | undefined): Promise<Audit> {
  return auditOf(await bus.readAudit(ALL), run);
}

export function auditOf(entries: readonly AuditEntry[], run: string | undefined): Audit {
  const records = entries.map(({ text }) => decodeAudit(text));
  const known = records.filter((record) => record !== undefined);
  const groups = [...Map.groupBy(known, ({ id }) => id).values()];
  const wanted = run === undefined ? groups : groups.filter((group) => group.some((one) => one.run === run));
  const commands = wanted.map(commandOf).sort((a, b) => (a.at < b.at ? -1 : 1));
  return { commands, unreadable: records.length - known.length };
}

function commandOf(group: readonly AuditRecord[]): AuditedCommand {
  const [first] = group;
  if (first === undefined) throw new RangeError('a group without a member');
  const { id, at, by, cmd, args, target } = first;
  // A command that begins, and then ends, has two entries of the same process: the later one counts.
  const verdicts = new Map(
    group.map(({ from, ok, code, message, unwritten }) => [from, { from, ok, code, message, unwritten }]),
  );
  return {
    id,
    at: isoOf(at),
    by,
    proven: group.every(({ proven }) => proven),
    cmd,
    args,
    target,
    run: group.find((one) => one.run !== undefined)?.run,
    verdicts: [...verdicts.values()].sort((a, b) => (a.from < b.from ? -1 : 1)),
  };
}

/** An instant that no date can show is somebody's invention: entries come from whoever may write to Redis. */
function isoOf(at: Instant): string {
  const date = new Date(at / 1_000);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}

/** A row a command. */
export function renderAudit({ commands, unreadable }: Audit, terminal: Terminal): string {
  const style = terminal.color ? COLORED : PLAIN;
  const lines: string[] = [];
  if (unreadable > 0)
    lines.push(style.warn(`${unreadable} entries cannot be read: another version, or a stranger, wrote them`));
  if (commands.length === 0) return [...lines, 'no command is on record', ''].join('\n');
  const rows = commands.map(({ at, by, proven, cmd, args, target, run, verdicts }) => [
    { text: at },
    { text: proven ? (by ?? '?') : `${by ?? '?'} (unproven)` },
    { text: [cmd, ...Object.entries(args).map(([name, value]) => `${name}=${value}`)].join(' ') },
    { text: target ?? 'all' },
    { text: run ?? '' },
    { text: verdictText(verdicts), style: verdicts.every(({ ok }) => ok) ? style.good : style.bad },
  ]);
  const columns = ['when', 'who', 'what', 'target', 'run', 'answers'].map((title) => ({
    title,
    align: 'left' as const,
  }));
  return [...lines, ...table(terminal.columns(), columns, rows, style), ''].join('\n');
}

/** `3 ok`, or `2 ok, w3 DRUM_COMMAND_FAILED: why`. */
function verdictText(verdicts: readonly Verdict[]): string {
  const good = verdicts.filter(({ ok }) => ok).length;
  const bad = verdicts.filter(({ ok }) => !ok).map(badText);
  return [...(good > 0 ? [`${good} ok`] : []), ...bad].join(', ');
}

function badText({ from, code, message, unwritten }: Verdict): string {
  const more = unwritten === undefined ? '' : ` (and ${unwritten} refusals before it)`;
  return `${from} ${code ?? 'failed'}: ${message}${more}`;
}
