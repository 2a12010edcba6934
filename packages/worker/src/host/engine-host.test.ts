import { silentLog } from '@drumline/core/log';
import { describe, expect, test } from 'vitest';
import { configOf } from '../fleet.fixture.ts';
import { settingsOf } from '../settings.ts';
import { type EngineEvents, EngineHost } from './engine-host.ts';
import type { EngineCommand, EngineReport } from './protocol.ts';

const SETTINGS = settingsOf(configOf(), {}, 1);
const REPORT = {
  tasks: [],
  queues: [3],
  inFlight: 0,
  pending: 0,
  buried: 0,
  clockBar: 0,
  loopDelay: {},
} as unknown as EngineReport;

/** A host whose engine is the test. */
function hosted() {
  const posted: EngineCommand[] = [];
  const crashes: string[] = [];
  let engine: EngineEvents | undefined;
  const host = new EngineHost(
    (events) => {
      engine = events;
      return { post: (command) => void posted.push(command) };
    },
    (error) => crashes.push(error.message),
    silentLog,
  );
  if (engine === undefined) throw new Error('the engine was not opened');
  return { host, engine, posted, crashes };
}

describe('EngineHost', () => {
  test('answers each call with what the engine says to it', async () => {
    const { host, engine, posted } = hosted();
    engine.message({ kind: 'ready' });
    await host.ready;
    const [first, second] = [host.apply(SETTINGS), host.apply(SETTINGS)];
    engine.message({ kind: 'refused', code: 'DRUM_TABLE_MISSING', message: 'no', hint: 'make it' });
    engine.message({ kind: 'settled' });
    await expect(first).rejects.toMatchObject({ code: 'DRUM_TABLE_MISSING', hint: 'make it' });
    await second;
    const reports = [host.report(), host.report()];
    const ids = posted.flatMap((command) => (command.kind === 'report' ? [command.id] : []));
    for (const id of ids.toReversed()) engine.message({ kind: 'report', id, report: { ...REPORT, buried: id } });
    expect((await Promise.all(reports)).map((report) => report?.buried)).toEqual(ids);
  });

  test('a refusal before it is ready is that of the start', async () => {
    const { host, engine } = hosted();
    engine.message({ kind: 'refused', code: 'DRUM_CONNECT', message: 'no', hint: undefined });
    await expect(host.ready).rejects.toMatchObject({ code: 'DRUM_CONNECT' });
    expect(host.isGone).toBe(false);
  });

  test('an engine that crashes leaves nobody waiting', async () => {
    const { host, engine, crashes } = hosted();
    const waiting = [
      host.report(),
      host.apply(SETTINGS),
      host.ended,
      host.ready.catch((error: unknown) => String(error)),
    ];
    engine.crashed(new Error('boom'));
    expect(await Promise.all(waiting)).toEqual([undefined, undefined, undefined, 'Error: boom']);
    expect([host.isGone, crashes]).toEqual([true, ['boom']]);
  });

  test.each(['crashed', 'ended'] as const)('calls to one that has %s are answered at once', async (how) => {
    const { host, engine, posted } = hosted();
    if (how === 'ended') engine.message({ kind: 'ended', report: REPORT });
    else engine.crashed(new Error('boom'));
    expect(await host.report()).toBeUndefined();
    await host.apply(SETTINGS);
    expect(await host.ended).toEqual(how === 'ended' ? REPORT : undefined);
    expect(posted).toEqual([]);
  });
});
