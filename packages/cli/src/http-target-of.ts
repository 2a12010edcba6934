import { DrumlineError } from '@drumline/core/errors';
import type { TargetOptions } from '@drumline/worker';
import type { Inputs } from './files.ts';

/**
 * What workers that play this plan, and no other, are to be told of their target: a plan of http tasks alone needs no
 * database.
 * @throws DrumlineError DRUM_HTTP_NO_BASE, DRUM_HTTP_CREDENTIALS: every op of a task would fail.
 */
export function httpTargetOf({ plan, config }: Inputs, target: TargetOptions): TargetOptions {
  const requests = plan.tasks.flatMap(({ http }) => http?.request ?? []);
  const isAllHttp = requests.length === plan.tasks.length;
  const db = target.db ?? (isAllHttp ? 'http' : config.dbType);
  const base = (db === 'http' ? target.endpoint : undefined) ?? config.http.baseUrl;
  const path = requests.find(({ url }) => url.startsWith('/'));
  if (path !== undefined && base === undefined) {
    throw new DrumlineError('DRUM_HTTP_NO_BASE', `the url ${path.url} is a path, and there is no base URL`, {
      hint: 'Add "http": { "base_url": "http://host:port" } to the config, or give --db http --endpoint URL.',
    });
  }
  const auth = requests.map((request) => request.auth).find((kind) => kind !== undefined);
  if (auth !== undefined && (target.password === undefined || (auth === 'basic' && target.username === undefined))) {
    throw new DrumlineError('DRUM_HTTP_CREDENTIALS', `a request says "auth": "${auth}", and there is nothing to send`, {
      hint: 'Give --target-user and --target-password-file, or set DRUMLINE_TARGET_PASSWORD.',
    });
  }
  // What the config says of a database may change while the workers live: that is theirs to read.
  return target.db === undefined && isAllHttp ? { ...target, db: 'http' } : target;
}
