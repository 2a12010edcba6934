import { DrumlineError } from '@drumline/core/errors';
import { holdsPassword } from '@drumline/core/secrets';
import type { Command } from 'commander';

/** The options that take an address say so in their flags. */
const TAKES_ADDRESS = /<(address|addresses|url|urls)>/u;

/** Where the password of an address belongs instead; others say so in their own help. */
const INSTEAD: Readonly<Record<string, string>> = {
  redis: 'Set DRUMLINE_REDIS to the whole address, or give --redis-password-file or DRUMLINE_REDIS_PASSWORD.',
  endpoint: 'Set DRUMLINE_ENDPOINT to the whole address, or give --target-password-file or DRUMLINE_TARGET_PASSWORD.',
};

/**
 * Every user of a host can read the command lines of all its processes (`ps`), and shells keep them: an address with a password
 * is taken from the environment only.
 * @throws DrumlineError DRUM_USAGE; the message does not show the address.
 */
export function refusePasswordsIn(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (!TAKES_ADDRESS.test(option.flags) || command.getOptionValueSource(name) !== 'cli') continue;
    const value: unknown = command.getOptionValue(name);
    if (![value].flat().some((one) => typeof one === 'string' && holdsPassword(one))) continue;
    throw new DrumlineError(
      'DRUM_USAGE',
      `${option.long ?? name} holds a password, which everybody on this host can read`,
      {
        hint: `${INSTEAD[name] ?? 'Take it from the environment, or from a file.'} Change the password: it has been seen.`,
      },
    );
  }
}
