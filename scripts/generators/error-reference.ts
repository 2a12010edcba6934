import { EXIT, REGISTRY } from '@drumline/core/errors';
import { code, GENERATED, markdownTable } from './markdown.ts';

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'Done; for a run: every planned op has exactly one outcome.',
  bug: 'A bug. As the exit code of an error that only ops and elements get, it never ends a command.',
  badInput: 'Bad input: a file, an option, an argument. Nothing was published.',
  thresholds: 'A threshold failed.',
  unreachable: 'Redis was lost or refused, or the target cannot be used.',
  incomplete: 'Incomplete: the ledger does not balance, or somebody did not answer.',
  interrupted: 'Interrupted by Ctrl-C or by `stop`.',
};

/** docs/errors.md: the exit codes, and a section for each error code. */
export function errorReference(): string {
  const exits = Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [
    String(EXIT[name as keyof typeof EXIT]),
    meaning,
  ]);
  const sections = Object.entries(REGISTRY).flatMap(([name, { exit, summary, fix }]) => [
    '',
    `## ${name}`,
    '',
    `- Exit code: ${exit}`,
    `- What happened: ${summary}`,
    `- What to do: ${fix}`,
  ]);
  return `${[
    '# Errors',
    '',
    GENERATED,
    '',
    `Every error has a code that keeps its meaning. A command that ends with one prints ${code('CODE: message')}, a hint on the next line, and exits`,
    'with the exit code of that error. Errors of single ops do not end anything: they are counted by code in the summary.',
    '',
    ...markdownTable(['exit', 'meaning'], exits),
    ...sections,
  ].join('\n')}\n`;
}
