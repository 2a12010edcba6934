import type { Micros } from '../../units/index.ts';
import type { Json } from '../plan.ts';

/** Name and value, in the order of the file; a name may come again. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** What a request carries. Texts are templates. */
export type HttpBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly json: Json }
  | { readonly kind: 'form'; readonly fields: Pairs }
  /** `len` bytes that are a function of the op's key. */
  | { readonly kind: 'bytes'; readonly len: number };

/** One request. Every text is a template (see core/template), stored as it was written. */
export interface HttpRequest {
  readonly method: string;
  /** `http(s)://host…` with a host that holds no placeholder, or a path on the base URL of config or worker. */
  readonly url: string;
  readonly query: Pairs;
  /** Names in lower case. */
  readonly headers: Pairs;
  readonly body?: HttpBody;
  /** Made of the worker's own user and password: no secret is in a plan. */
  readonly auth?: 'basic' | 'bearer';
  /** Ask for a compressed answer. */
  readonly compressed: boolean;
  /** How long the head of the answer may take once the request is sent. */
  readonly firstByte?: Micros;
}

export interface HeaderCheck {
  /** In lower case. */
  readonly name: string;
  /** With neither of the two the header must be there. */
  readonly equals?: string;
  /** A regular expression with flag `u`. */
  readonly matches?: string;
}

export interface JsonCheck {
  /** As written. */
  readonly path: string;
  readonly steps: readonly (string | number)[];
  /** Absent: only whether there is a value is looked at. */
  readonly equals?: Json;
  /** Whether there must be a value. */
  readonly exists: boolean;
}

/** What an answer must be like for its op to be ok. */
export interface HttpChecks {
  /** Inclusive ranges of status codes. */
  readonly status: readonly (readonly [from: number, to: number])[];
  readonly headers: readonly HeaderCheck[];
  readonly body: { readonly contains?: string; readonly matches?: string };
  readonly json: readonly JsonCheck[];
  /** Bytes of the body as it came. */
  readonly size: { readonly min?: number; readonly max?: number };
  /** From the send to the end of the answer. */
  readonly time?: Micros;
}

export interface HttpTask {
  /** What the task is called in statistics. */
  readonly name: string;
  readonly request: HttpRequest;
  readonly checks: HttpChecks;
}
