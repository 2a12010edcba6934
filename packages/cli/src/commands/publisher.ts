import { connectRedis } from '@drumline/bus';
import type { Exit } from '@drumline/core/errors';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { readInputs } from '../files.ts';
import { makeLog } from '../log.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { type RunFlags, withRunOptions } from '../options/run-options.ts';
import { type SecretFlags, secretOf, withLogOption, withSecretOption } from '../options/secret.ts';
import { play } from '../play.ts';

type PublisherFlags = BusFlags & SecretFlags & RunFlags & { readonly logLevel: string };

export function definePublisher(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('publisher')
    .description('play a traffic file: put its batches on the queues, on the beat');
  withLogOption(withSecretOption(withRunOptions(withBusOptions(command), 'workers to wait for before the first beat')))
    .addHelpText('after', '\nCtrl-C: publish no more and finish what is published. Twice: drop what is not sent.\n')
    .action(async (flags: PublisherFlags) => done(await publish(flags, context)));
}

async function publish(flags: PublisherFlags, context: Context): Promise<Exit> {
  const log = makeLog(context.terminal, flags.logLevel);
  const inputs = readInputs(flags.config, flags.traffic);
  const bus = await connectRedis(redisOptions(flags, context));
  try {
    return await play({ bus, inputs, flags, prefix: flags.prefix, secret: secretOf(flags, context), log }, context);
  } finally {
    await bus.close();
  }
}
