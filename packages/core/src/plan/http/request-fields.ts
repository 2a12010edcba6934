import {
  choice,
  defaulted,
  duration,
  type Fields,
  flag,
  integer,
  type Kind,
  optional,
  type Place,
  readRecord,
  recordSchema,
  required,
  text,
} from '../../document/index.ts';
import { anyJson } from '../columns.ts';
import type { HttpBody, HttpRequest } from './http-task.ts';
import { namedTexts, type TextCheck } from './named-texts.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Bytes of a body: bounds a worker's memory. */
const MAX_BODY = 16 * 1024 * 1024;

/** A template without what its placeholders will be. */
const literalOf = (template: string): string => template.replaceAll(/\{\{(?!\{).*?\}\}/gs, '');

const checkUrl: TextCheck = (url) => {
  const literal = literalOf(url);
  if (/[^\x21-\x7e]/.test(literal))
    return {
      must: 'must hold no blanks and no letters beyond ASCII',
      hint: 'percent-encode them, e.g. %20 for a blank',
    };
  if (literal.includes('#')) return { must: 'must hold no fragment', hint: 'take # and what follows away' };
  if (url.startsWith('/')) return undefined;
  const authority = /^https?:\/\/([^/?]*)/.exec(url)?.[1];
  if (authority === undefined)
    return { must: 'must be an http or https URL, or a path', hint: 'write e.g. "http://127.0.0.1:8080/" or "/users"' };
  if (authority.includes('@'))
    return { must: 'must hold no user and password', hint: 'write "auth": "basic", and give them to the workers' };
  if (authority.includes('{{'))
    return { must: 'must have a fixed host', hint: 'move the placeholder behind the host, or write a task for each' };
  return URL.canParse(`http://${authority}`)
    ? undefined
    : { must: 'must have a host', hint: 'write e.g. "http://127.0.0.1:8080/"' };
};

/** Those that say where a body ends or whom a connection is for: the driver writes them. */
const OWN_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect']);

const checkHeaderName: TextCheck = (name) => {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    return { must: 'must consist of letters, digits and "-"', hint: 'take the other characters away' };
  if (OWN_HEADERS.has(name.toLowerCase())) return { must: 'must be left to Drumline', hint: 'take it away' };
  return undefined;
};

const checkHeader: TextCheck = (value) =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ? undefined
    : { must: 'must hold no line ends and no letters beyond Latin-1', hint: 'encode them' };

const anything: TextCheck = () => undefined;

/** Sorted out by `readBody`: exactly one of them. */
const bodyFields = {
  text: optional(text({}, anything), { about: 'A text.', examples: ['user={{key}}'] }),
  json: optional(anyJson, {
    about: 'A JSON value whose texts are templates.',
    examples: [{ id: '{{key}}', tags: ['a'] }],
  }),
  form: optional(namedTexts(anything, anything), {
    about: 'Fields of a form, URL-encoded.',
    examples: [{ q: '{{hex 4}}' }],
  }),
  bytes: optional(integer(0, MAX_BODY), { about: 'So many bytes, a function of the key.', examples: [1000] }),
} satisfies Fields;

const body: Kind<HttpBody> = {
  schema: recordSchema(bodyFields, { minProperties: 1, maxProperties: 1 }),
  read(place) {
    const reading = readRecord(place, bodyFields, { what: 'an object with one of text, json, form, bytes' });
    if (reading === undefined) return undefined;
    const { values, places } = reading;
    if (places.size !== 1 && !place.isBroken)
      return place.refuse(`has ${places.size} forms of a body, must have one`, 'keep one of text, json, form, bytes');
    if (values.text !== undefined) return { kind: 'text', text: values.text };
    if (values.json !== undefined) return { kind: 'json', json: values.json };
    if (values.form !== undefined) return { kind: 'form', fields: values.form };
    return values.bytes === undefined ? undefined : { kind: 'bytes', len: values.bytes };
  },
};

const requestFields = {
  method: optional(choice(METHODS), { about: 'Default: POST with a body, else GET.', examples: ['PUT'] }),
  url: required(text({ minLength: 1 }, checkUrl), {
    about:
      'An http or https URL, or a path that is put after the base URL of the config or the worker. The host is fixed; the rest is a template.',
    examples: ['http://127.0.0.1:8080/items/{{key}}', '/items/{{key}}'],
  }),
  query: defaulted(
    namedTexts(anything, anything),
    [],
    { about: 'Templates by name, encoded and put after the URL.', examples: [{ page: '{{random 1 100}}' }] },
    {},
  ),
  headers: defaulted(
    namedTexts(checkHeaderName, checkHeader),
    [],
    { about: 'Templates by name.', examples: [{ 'x-request-id': '{{uuid}}' }] },
    {},
  ),
  body: optional(body, { about: 'What the request carries.', examples: [{ json: { id: '{{key}}' } }] }),
  auth: optional(choice(['basic', 'bearer']), {
    about:
      'Sends the worker’s own credentials: "basic" its --target-user and password, "bearer" the password as token (--target-password-file or DRUMLINE_TARGET_PASSWORD).',
  }),
  compressed: defaulted(flag, false, {
    about: 'Ask for an answer in gzip, br or zstd. Checks read it unpacked; bytes are counted as they come.',
  }),
  first_byte: optional(duration('1ms', '1h'), {
    about:
      'How long the first byte of the answer may take once the request is on its way. The whole op is bounded by the config’s timeout.',
    examples: ['500ms'],
  }),
} satisfies Fields;

/** Reads `request` of an http task. */
export const httpRequest: Kind<HttpRequest> = {
  schema: recordSchema(requestFields),
  read(place) {
    const reading = readRecord(place, requestFields, { what: 'a request (an object)' });
    if (reading === undefined) return undefined;
    const { method, url, query, headers, auth, compressed, first_byte: firstByte } = reading.values;
    warnOfSecrets(reading.places.get('headers'));
    if (url === undefined) return undefined;
    return {
      method: method ?? (reading.values.body === undefined ? 'GET' : 'POST'),
      url,
      query,
      headers: headers.map(([name, value]) => [name.toLowerCase(), value]),
      ...(reading.values.body !== undefined && { body: reading.values.body }),
      ...(auth !== undefined && { auth }),
      compressed,
      ...(firstByte !== undefined && { firstByte }),
    };
  },
};

function warnOfSecrets(headers: Place | undefined): void {
  for (const { name, key } of headers?.members ?? []) {
    if (/^(proxy-)?authorization$|^cookie$/i.test(name))
      key.warn(
        'stands in the plan and so in Redis, for all to read',
        'for credentials write "auth": "basic" or "bearer"',
      );
  }
}
