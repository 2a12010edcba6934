import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DrumlineError } from '@drumline/core/errors';
import { type CommandHandler, type CommandSet, DANGEROUS, PUBLISHER_COMMANDS } from '@drumline/core/notify';

/** What the fleet itself understands: a plug-in that took one of these names would cut its worker off from it. */
const OWN: ReadonlySet<string> = new Set([...PUBLISHER_COMMANDS, ...DANGEROUS, 'log_level']);

/**
 * Loads plug-in files. Each exports as `default` an object `{ commands: { name: { description, dangerous?, run } } }`;
 * see docs/guides/plug-ins.md.
 * @throws DrumlineError DRUM_PLUGIN_INVALID
 */
export async function loadPlugins(files: readonly string[]): Promise<CommandSet> {
  const commands: Record<string, CommandHandler> = {};
  for (const file of files) {
    for (const [name, handler] of Object.entries(await loadPlugin(file))) {
      if (!/^[a-z][a-z0-9_]{0,63}$/u.test(name))
        throw invalid(file, `names the command ${JSON.stringify(name)}; a name is a-z, 0-9 and _`);
      if (OWN.has(name)) throw invalid(file, `defines ${name}, which is a command of Drumline's own`);
      if (Object.hasOwn(commands, name)) throw invalid(file, `defines ${name}, which another plug-in defines too`);
      commands[name] = handler;
    }
  }
  return commands;
}

async function loadPlugin(file: string): Promise<Readonly<Record<string, CommandHandler>>> {
  const loaded: unknown = await import(pathToFileURL(resolve(file)).href).catch((cause: unknown) => {
    throw invalid(file, `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  const commands = record(record(record(loaded)?.['default'])?.['commands']);
  if (commands === undefined) throw invalid(file, 'has no default export { commands: { … } }');
  for (const [name, handler] of Object.entries(commands)) {
    const { description, run } = record(handler) ?? {};
    if (typeof description !== 'string' || typeof run !== 'function') {
      throw invalid(file, `defines ${name} without a description (text) and run (function)`);
    }
  }
  return commands as Readonly<Record<string, CommandHandler>>;
}

const record = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;

const invalid = (file: string, what: string, cause?: unknown): DrumlineError =>
  new DrumlineError('DRUM_PLUGIN_INVALID', `the plug-in ${file} ${what}`, { cause });
