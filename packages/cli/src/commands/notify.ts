import { userInfo } from 'node:os';
import { connectRedis } from '@drumline/bus';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import {
  type Answer,
  type Arguments,
  askFleet,
  newCommand,
  PUBLISHER_COMMANDS,
  parseRate,
} from '@drumline/core/notify';
import { type Millis, millis } from '@drumline/core/units';
import { COLORED, PLAIN, table } from '@drumline/report';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { type SecretFlags, secretOf, withSecretOption } from '../options/secret.ts';
import { durationMillis } from '../options/values.ts';

interface NotifyFlags extends BusFlags, SecretFlags {
  readonly target?: string;
  readonly timeout: Millis;
  readonly json?: boolean;
}

/** What a bare argument of a command is called: `notify rate 2x` is `notify rate rate=2x`. */
const BARE: Readonly<Record<string, string>> = { rate: 'rate', log_level: 'level', execute_bash: 'script' };

const HELP = `
Commands:
  update_config              read the config in Redis again and apply it
  pause, resume              stand still; go on. The time axis stands too: nothing is late because of a pause
  rate <0.5|2x|150%|500qps>  multiply the plan's rates, or set ops a second in all
  drain                      publish no more, finish what is published; with --target: end that worker
  stop                       publish no more, drop what is not sent; with --target: end that worker at once
  ping                       who is there
  log_level <level>          debug, info, warn or error
  execute_bash <script>      run a script on the workers' hosts     } need a secret, and
  reboot_instance            reboot the workers' hosts              } --allow on the worker
  terminate_instance         shut the workers' hosts down           }
and whatever the workers' plug-ins add.

Exit code 5 when one of them failed or did not answer.
`;

export function defineNotify(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program.command('notify').description('send a command to the fleet and print what each answers');
  withSecretOption(withBusOptions(command))
    .argument('<command>', 'see below')
    .argument('[arguments...]', 'name=value, or the one argument that the command has')
    .option('--target <worker>', 'one worker only, or publisher')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for answers')
        .argParser(durationMillis)
        .default(millis(5_000), '5s'),
    )
    .option('--json', 'print the answers as JSON')
    .addHelpText('after', HELP)
    .action(async (cmd: string, words: string[], flags: NotifyFlags) => done(await notify(cmd, words, flags, context)));
}

async function notify(cmd: string, words: readonly string[], flags: NotifyFlags, context: Context): Promise<Exit> {
  const args = argumentsOf(cmd, words);
  const bus = await connectRedis(redisOptions(flags, context));
  try {
    const command = await newCommand(
      bus,
      { cmd, args, target: flags.target, by: senderOf(context) },
      secretOf(flags, context),
    );
    const answers = await askFleet(bus, command, { within: flags.timeout, publisher: PUBLISHER_COMMANDS.has(cmd) });
    // Workers take note of a rate, but only a publisher can change it.
    const isLost = cmd === 'rate' && flags.target === undefined && !answers.some(({ from }) => from === 'publisher');
    if (isLost) answers.push({ from: 'publisher', reply: undefined });
    print(answers, flags, context);
    return answers.length > 0 && answers.every(({ reply }) => reply?.ok === true) ? EXIT.done : EXIT.incomplete;
  } finally {
    await bus.close();
  }
}

/** Who sends, for the audit log; a user without an entry in the host's list is known by number. */
function senderOf({ host }: Context): string {
  const printableOnly = (name: string): string => name.replaceAll(/[^\x21-\x7e]/gu, '?');
  try {
    return printableOnly(`${userInfo().username}@${host}`);
  } catch {
    return printableOnly(`uid-${process.getuid?.() ?? '?'}@${host}`);
  }
}

/** @throws DrumlineError DRUM_COMMAND_INVALID before anything is sent. */
function argumentsOf(cmd: string, words: readonly string[]): Arguments {
  const args: Record<string, string> = {};
  const bare = BARE[cmd];
  for (const word of words) {
    const [, name, value] = /^([a-z_]+)=(.*)$/su.exec(word) ?? [];
    if (name !== undefined && value !== undefined && !(words.length === 1 && bare === 'script' && name !== 'script'))
      args[name] = value;
    else if (bare !== undefined && words.length === 1) args[bare] = word;
    else
      throw new DrumlineError('DRUM_COMMAND_INVALID', `${JSON.stringify(word)} is not of the form name=value`, {
        hint: 'Quote an argument with blanks.',
      });
  }
  if (cmd === 'rate') parseRate(args['rate'] ?? '');
  return args;
}

function print(answers: readonly Answer[], { json, prefix }: NotifyFlags, { terminal }: Context): void {
  if (json === true) {
    const rows = answers.map(({ from, reply }) => ({
      from,
      answered: reply !== undefined,
      ok: reply?.ok ?? false,
      code: reply?.code,
      message: reply?.message,
    }));
    return terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`);
  }
  if (answers.length === 0)
    return terminal.err(
      `nobody is there on the prefix ${prefix}: no worker is registered and no publisher is at work\n`,
    );
  const style = terminal.color ? COLORED : PLAIN;
  const rows = answers.map(({ from, reply }) => [
    { text: from },
    reply?.ok === true
      ? { text: 'ok', style: style.good }
      : { text: reply === undefined ? 'silent' : 'failed', style: style.bad },
    {
      text:
        reply === undefined
          ? 'no answer in time'
          : `${reply.code === undefined ? '' : `${reply.code} `}${reply.message}`,
    },
  ]);
  const columns = ['who', 'result', 'answer'].map((title) => ({ title, align: 'left' as const }));
  terminal.out(`${table(terminal.columns(), columns, rows, style).join('\n')}\n`);
}
