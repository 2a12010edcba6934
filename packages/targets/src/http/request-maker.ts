import { bytesColumn, type Op, valueOf } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import type { HttpBody, HttpRequest, Json } from '@drumline/core/plan';
import { type Escape, joined, type Rendered, TemplateCompiler } from '@drumline/core/template';
import type { DriverOptions } from '../driver-options.ts';
import type { PlayedHttp } from './played-http.ts';

/** What an op sends. */
export interface Wire {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer | null;
}

export interface RequestMaker {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  make(op: Op): Wire;
}

type Base = Pick<DriverOptions, 'db' | 'endpoint' | 'http' | 'username' | 'password'>;

const TYPES = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  bytes: 'application/octet-stream',
} as const satisfies Record<HttpBody['kind'], string>;

/**
 * Compiles a task's request. Placeholders are numbered in the order URL, query, headers, body.
 * Throws `DRUM_HTTP_NO_BASE`, `DRUM_HTTP_CREDENTIALS`.
 */
export function requestMaker(task: PlayedHttp, base: Base): RequestMaker {
  const { request } = task.http;
  const templates = new TemplateCompiler(task);
  const { origin, path } = addressOf(request, base);
  const pathOf = asText(
    joined([templates.compile(path, same, encodeURIComponent), ...queryOf(path, request, templates)]),
  );
  const headersOf = headersMaker(request, base, templates);
  const bodyOf = bodyMaker(request.body, templates);
  const make = (op: Op): Wire => ({ path: pathOf(op), headers: headersOf(op), body: bodyOf(op) });
  return { method: request.method, origin, make };
}

const same: Escape = (text) => text;

const asText = (rendered: Rendered): ((op: Op) => string) => (typeof rendered === 'string' ? () => rendered : rendered);

function addressOf({ url }: HttpRequest, base: Base): { readonly origin: string; readonly path: string } {
  const whole = url.startsWith('/') ? baseUrlOf(base) + url : url;
  const [origin = ''] = /^https?:\/\/[^/?]*/.exec(whole) ?? [];
  const path = whole.slice(origin.length);
  return { origin: new URL(origin).origin, path: path.startsWith('/') ? path : `/${path}` };
}

function baseUrlOf({ db, endpoint, http }: Base): string {
  const url = (db === 'http' ? endpoint : undefined) ?? http?.baseUrl;
  if (url !== undefined) return url.replace(/\/+$/, '');
  throw new DrumlineError('DRUM_HTTP_NO_BASE', 'the url of a request is a path, and there is no base URL');
}

function queryOf(path: string, { query }: HttpRequest, templates: TemplateCompiler): Rendered[] {
  return query.flatMap(([name, value], index) => {
    const before = index === 0 && !path.includes('?') ? '?' : '&';
    return [`${before}${encodeURIComponent(name)}=`, templates.compile(value, encodeURIComponent)];
  });
}

function headersMaker(request: HttpRequest, base: Base, templates: TemplateCompiler): (op: Op) => string[] {
  const made: (readonly [string, Rendered])[] = request.headers.map(([name, value]) => [
    name,
    templates.compile(value),
  ]);
  const add = (name: string, value: string): void => {
    if (!request.headers.some(([known]) => known === name)) made.push([name, value]);
  };
  if (request.body !== undefined) add('content-type', TYPES[request.body.kind]);
  if (request.compressed) add('accept-encoding', 'gzip, br, zstd');
  if (request.auth !== undefined) add('authorization', credentialsOf(request.auth, base));
  add('user-agent', 'drumline');
  if (made.every(([, value]) => typeof value === 'string')) {
    const fixed = made.flatMap(([name, value]) => [name, value as string]);
    return () => fixed;
  }
  return (op) => {
    const headers: string[] = [];
    for (const [name, value] of made) headers.push(name, typeof value === 'string' ? value : value(op));
    return headers;
  };
}

function credentialsOf(auth: 'basic' | 'bearer', { username, password }: Base): string {
  if (password === undefined || (auth === 'basic' && username === undefined)) {
    throw new DrumlineError(
      'DRUM_HTTP_CREDENTIALS',
      `a request says "auth": "${auth}", and this worker has none to send`,
    );
  }
  return auth === 'bearer'
    ? `Bearer ${password}`
    : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function bodyMaker(body: HttpBody | undefined, templates: TemplateCompiler): (op: Op) => Buffer | null {
  if (body === undefined) return () => null;
  if (body.kind === 'bytes') {
    const column = bytesColumn('body', body.len);
    return ({ items: [item] }) => valueOf(item ?? { word: 0 }, column);
  }
  const text = textOf(body, templates);
  if (typeof text !== 'string') return (op) => Buffer.from(text(op));
  const fixed = Buffer.from(text);
  return () => fixed;
}

function textOf(body: Exclude<HttpBody, { kind: 'bytes' }>, templates: TemplateCompiler): Rendered {
  if (body.kind === 'text') return templates.compile(body.text);
  if (body.kind === 'json') return joined(jsonParts(body.json, templates));
  return joined(
    body.fields.flatMap(([name, value], index) => [
      `${index === 0 ? '' : '&'}${encodeURIComponent(name)}=`,
      templates.compile(value, encodeURIComponent),
    ]),
  );
}

const inJson: Escape = (text) => JSON.stringify(text).slice(1, -1);

/** The value's JSON text; every text in it is a template, names are not. */
function jsonParts(value: Json, templates: TemplateCompiler): Rendered[] {
  if (typeof value === 'string') return ['"', templates.compile(value, inJson), '"'];
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  const isList = Array.isArray(value);
  const members = Object.entries(value).map(([name, member]: [string, Json]) => [
    isList ? '' : `${JSON.stringify(name)}:`,
    ...jsonParts(member, templates),
  ]);
  return [
    isList ? '[' : '{',
    ...members.flatMap((parts, index) => (index === 0 ? parts : [',', ...parts])),
    isList ? ']' : '}',
  ];
}
