import { EXIT, type Exit } from '@drumline/core/errors';
import { compareRuns, readSummary, renderComparison } from '@drumline/report';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';
import { share } from '../options/values.ts';

interface CompareFlags {
  readonly tolerance: number;
  readonly clean?: boolean;
  readonly json?: boolean;
}

const HELP = `
Both files are what --json of run or publisher printed. A figure is worse or better when it differs by more than the
tolerance and by more than chance explains (95 %). Exit code 3 when one is worse. See docs/guides/comparing-runs.md.
`;

export function defineCompare(program: Command, { terminal }: Context, done: (exit: Exit) => void): void {
  program
    .command('compare')
    .description('hold the summary of a run against that of an earlier one; exit 3 when a figure is worse')
    .argument('<a.json>', 'summary of the earlier run')
    .argument('<b.json>', 'summary of the later run')
    .addOption(
      new Option('--tolerance <percent>', 'figures that differ by no more are the same')
        .argParser(share)
        .default(0.05, '5%'),
    )
    .option('--clean', 'compare latencies without disturbed seconds')
    .option('--json', 'print the comparison as JSON')
    .addHelpText('after', HELP)
    .action((a: string, b: string, { tolerance, clean, json }: CompareFlags) => {
      const [before, after] = [summaryIn(a), summaryIn(b)];
      const comparison = compareRuns(before, after, { tolerance, clean: clean === true });
      terminal.out(
        json === true
          ? `${JSON.stringify(comparison, undefined, 2)}\n`
          : renderComparison(comparison, { columns: terminal.columns(), color: terminal.color }),
      );
      done(comparison.worse > 0 ? EXIT.thresholds : EXIT.done);
    });
}

const summaryIn = (path: string) => readSummary(readText(path, 'summary'), path);
