import { defineProgram } from '@drumline/cli';
import { code, GENERATED, markdownTable } from './markdown.ts';

type Command = Awaited<ReturnType<typeof defineProgram>>;
type Option = Command['options'][number];

/** docs/reference/cli.md: every command with its arguments, options, defaults and environment variables. */
export async function cliReference(): Promise<string> {
  const { program, output } = await quietProgram();
  const commands = program.commands;
  return `${[
    '# Command line',
    '',
    GENERATED,
    '',
    `${program.description()}. Exit codes and errors: [errors](../errors.md).`,
    'Precedence: default < config file < environment variable < option. Durations are written `500ms`, `30s`, `1h30m`, or a number of seconds.',
    '',
    '| command | what it does |',
    '| --- | --- |',
    ...commands.map(
      (command) => `| [${code(command.name())}](#drumline-${command.name()}) | ${command.description()} |`,
    ),
    ...commands.flatMap((command) => commandSection(command, output)),
    '',
    '## Environment variables',
    '',
    'An option wins over its variable. Passwords and the secret come from a file or from here, never from the command line, which every user of a host can read.',
    '',
    ...markdownTable(['variable', 'same as', 'what it is'], environment(commands)),
  ].join('\n')}\n`;
}

/** The program with nowhere to print but here, and with the same text on every machine. */
async function quietProgram(): Promise<{ readonly program: Command; readonly output: string[] }> {
  const output: string[] = [];
  const terminal = {
    out: (text: string) => void output.push(text),
    err: (text: string) => void output.push(text),
    outIsTty: false,
    errIsTty: false,
    color: false,
    columns: () => 120,
    rows: () => 24,
  };
  const program = await defineProgram({ terminal, env: {}, host: 'host', pid: 1 }, () => undefined);
  return { program, output };
}

function commandSection(command: Command, output: string[]): string[] {
  return [
    '',
    `## drumline ${command.name()}`,
    '',
    `${capital(command.description())}.`,
    '',
    '```',
    `drumline ${command.name()} ${command.usage()}`,
    '```',
    '',
    ...markdownTable(
      ['option', 'what it is', 'default', 'environment'],
      command.options.map((option) => [
        code(option.flags),
        meaning(option),
        defaultText(option),
        option.envVar === undefined ? '' : code(option.envVar),
      ]),
    ),
    ...appendix(command, output),
  ];
}

function meaning({ description, argChoices, mandatory }: Option): string {
  const choices = argChoices === undefined ? '' : ` (${argChoices.map(code).join(', ')})`;
  return `${description}${choices}${mandatory ? '; required' : ''}`;
}

function defaultText({ defaultValue, defaultValueDescription }: Option): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  if (defaultValue === undefined || (Array.isArray(defaultValue) && defaultValue.length === 0)) return '';
  return code(typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue));
}

/** What a command's help says below its options. */
function appendix(command: Command, output: string[]): string[] {
  output.length = 0;
  command.outputHelp();
  const help = output.join('');
  const own = help.slice(help.indexOf(command.helpInformation()) + command.helpInformation().length).trim();
  return own === '' ? [] : ['', '```', own, '```'];
}

function environment(commands: readonly Command[]): string[][] {
  const variables = new Map<string, [flag: string, about: string]>();
  for (const { options } of commands) {
    for (const option of options) {
      // Options that take a file have a variable for its content, which only their description names.
      const name = option.envVar ?? /\(or set (\w+)\)/u.exec(option.description)?.[1];
      if (name !== undefined) {
        variables.set(name, [
          code(option.long ?? option.flags),
          option.description.replace(/ \(or set \w+\)/u, '').replace(/^file with /u, ''),
        ]);
      }
    }
  }
  return [...variables].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, [flag, about]]) => [code(name), flag, about]);
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
