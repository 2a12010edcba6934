import { writeFileSync } from 'node:fs';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { readSummary, renderPage } from '@drumline/report';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';
import { checkOutputFile, reasonOf } from '../outputs/output-path.ts';

export function defineReport(program: Command, { terminal }: Context, done: (exit: Exit) => void): void {
  program
    .command('report')
    .description(
      'make the page of a run from its summary; it has charts over time only when the run wrote it (--report)',
    )
    .argument('<summary.json>', 'what --json printed, or --jsonl wrote')
    .option('-o, --output <file>', 'the page to write', 'report.html')
    .action((path: string, { output }: { readonly output: string }) => {
      const summary = readSummary(readText(path, 'summary'), path);
      checkOutputFile(output, '--output');
      write(output, renderPage({ summary }));
      terminal.out(`wrote ${output}\n`);
      done(EXIT.done);
    });
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new DrumlineError('DRUM_OUTPUT_UNUSABLE', `--output ${path} cannot be written: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
