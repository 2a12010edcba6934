import { closest, quoted } from '../document/index.ts';
import { type Micros, parseDuration } from '../units/index.ts';
import {
  type CountMetric,
  DURATION_METRICS,
  type DurationMetric,
  METRICS,
  RELATIONS,
  type Relation,
  type Slo,
  type SloStat,
} from './slo.ts';
import { type Token, tokensOf } from './tokens.ts';

/** Something wrong with a threshold. */
export interface SloProblem {
  /** 1-based, in the text. */
  readonly column: number;
  /** The value, and what was expected. */
  readonly message: string;
  readonly hint: string;
}

export type SloResult = { readonly slo: Slo } | { readonly problems: readonly SloProblem[] };

/** Longer ones are not looked at. */
const LONGEST = 200;
/** Windows move by whole seconds, and the seconds of the last ten minutes are kept one by one. */
const LONGEST_WINDOW = 600_000_000;
const SECOND = 1_000_000;

/**
 * Reads a threshold. All of its problems are found at once.
 *
 *     threshold = [ scope ":" ] metric [ stat ] relation bound [ "over" duration ] [ "abort" ]
 *     scope     = action | number of a task
 *     metric    = "response_time" | "service_time" | "lateness" | "errors" | "dropped" | "rate"
 *     stat      = "p" percent | "min" | "mean" | "max"            for the first three metrics, which need one
 *     relation  = "<" | "<=" | ">" | ">="
 *     bound     = duration                                         for the first three metrics
 *               | percent "%" | number                             for errors and dropped
 *               | percent "%" | number "/s"                        for rate
 */
export function parseSlo(text: string): SloResult {
  if (text.length > LONGEST) {
    const message = `it has ${text.length} characters, must have at most ${LONGEST}`;
    return { problems: [{ column: 1, message, hint: EXAMPLE }] };
  }
  const parser = new SloParser(tokensOf(text));
  const slo = parser.read();
  return slo === undefined || parser.problems.length > 0 ? { problems: parser.problems } : { slo };
}

const EXAMPLE = `write e.g. 'response_time p99 < 250ms', 'errors < 0.1% over 10s' or 'getItem: rate > 99%'`;

class SloParser {
  readonly #tokens: readonly Token[];
  readonly problems: SloProblem[] = [];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Slo | undefined {
    if (this.#token.kind === 'end') return this.#refuse(this.#token, 'it is empty', EXAMPLE);
    const scope = this.#scope();
    const metric = this.#metric();
    const stat = this.#stat(metric);
    const relation = this.#relation();
    const figure = this.#figure(metric, stat);
    const over = this.#over();
    const abort = this.#abort();
    this.#end();
    if (relation === undefined || figure === undefined) return undefined;
    return { scope, relation, over, abort, ...figure };
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? { kind: 'end', text: '', column: 1 };
  }

  #take(): Token {
    const token = this.#token;
    this.#next += 1;
    return token;
  }

  #refuse(token: Token, message: string, hint: string): undefined {
    this.problems.push({ column: token.column, message, hint });
  }

  #scope(): string | number | undefined {
    const after = this.#tokens[this.#next + 1];
    if (after?.kind !== 'symbol' || after.text !== ':') return undefined;
    const token = this.#take();
    this.#take();
    if (token.kind === 'word') return token.text;
    if (token.kind === 'quantity' && /^\d{1,6}$/.test(token.text)) return Number(token.text);
    return this.#refuse(token, `${shown(token)} must be an action or the number of a task`, "write e.g. 'getItem: …'");
  }

  #metric(): Slo['metric'] | undefined {
    if (this.#token.kind !== 'word') {
      const hint = `write one of ${METRICS.join(', ')}`;
      return this.#refuse(this.#token, `${shown(this.#token)} stands where the metric must be`, hint);
    }
    const token = this.#take();
    const metric = METRICS.find((name) => name === token.text);
    if (metric !== undefined) return metric;
    const near = closest(token.text, METRICS);
    const hint = near === undefined ? `write one of ${METRICS.join(', ')}` : `did you mean ${quoted(near)}?`;
    return this.#refuse(token, `${shown(token)} is an unknown metric`, hint);
  }

  #stat(metric: Slo['metric'] | undefined): SloStat | undefined {
    const wants = metric !== undefined && isDuration(metric);
    if (this.#token.kind !== 'word') {
      if (wants) this.#refuse(this.#token, `${metric} needs a figure`, `write e.g. '${metric} p99'`);
      return undefined;
    }
    const token = this.#take();
    const stat = statOf(token.text);
    if (metric !== undefined && !wants) {
      return this.#refuse(token, `${shown(token)} cannot follow ${metric}, which is one figure`, 'take it away');
    }
    if (stat !== undefined) return stat;
    const hint = token.text === 'p100' ? 'write max' : 'write p50, p99.9, min, mean or max, say';
    return this.#refuse(token, `${shown(token)} must be a percentile above p0 and below p100, min, mean or max`, hint);
  }

  #relation(): Relation | undefined {
    const token = this.#token;
    if (token.kind !== 'symbol') {
      return this.#refuse(token, `${shown(token)} stands where <, <=, > or >= must be`, 'write one of them');
    }
    this.#take();
    const relation = RELATIONS.find((each) => each === token.text);
    return relation ?? this.#refuse(token, `${shown(token)} must be <, <=, > or >=`, 'write one of them');
  }

  #figure(metric: Slo['metric'] | undefined, stat: SloStat | undefined): Figure | undefined {
    const token = this.#token;
    if (token.kind !== 'quantity') {
      // A minus sign, say: what follows it belongs to it.
      if (token.kind !== 'end') this.#take();
      if (token.kind === 'symbol' && this.#token.kind === 'quantity') this.#take();
      const hint = metric === undefined ? 'write one, e.g. 250ms, 0.1% or 10' : boundHint(metric);
      return this.#refuse(token, `${shown(token)} stands where the bound must be`, hint);
    }
    this.#take();
    if (metric === undefined) return undefined;
    if (isDuration(metric)) return this.#durationFigure(token, metric, stat);
    const figure = countFigure(token.text, metric);
    return figure ?? this.#refuse(token, `${shown(token)} is no bound of ${metric}`, boundHint(metric));
  }

  #durationFigure(token: Token, metric: DurationMetric, stat: SloStat | undefined): Figure | undefined {
    const bound = duration(token.text);
    if (typeof bound === 'string') return this.#refuse(token, `${shown(token)} ${bound}`, boundHint(metric));
    return stat === undefined ? undefined : { metric, stat, unit: 'us', bound };
  }

  #over(): Micros | undefined {
    if (this.#token.text !== 'over') return undefined;
    this.#take();
    const token = this.#token;
    const hint = 'write e.g. over 10s';
    if (token.kind !== 'quantity') {
      return this.#refuse(token, `${shown(token)} stands where the length of the windows must be`, hint);
    }
    this.#take();
    const length = duration(token.text);
    if (typeof length === 'string') return this.#refuse(token, `${shown(token)} ${length}`, hint);
    if (length >= SECOND && length <= LONGEST_WINDOW && length % SECOND === 0) return length;
    return this.#refuse(token, `${shown(token)} must be whole seconds from 1s to 10m`, hint);
  }

  #abort(): boolean {
    if (this.#token.text !== 'abort') return false;
    this.#take();
    return true;
  }

  #end(): void {
    const token = this.#token;
    if (token.kind === 'end') return;
    const near = closest(token.text, ['over', 'abort']);
    const hint =
      near === undefined ? 'take it away; only over and abort may follow the bound' : `did you mean ${quoted(near)}?`;
    this.#refuse(token, `${shown(token)} stands after the end`, hint);
  }
}

type Figure =
  | { readonly metric: DurationMetric; readonly stat: SloStat; readonly unit: 'us'; readonly bound: number }
  | { readonly metric: CountMetric; readonly unit: 'share' | 'ops' | 'ops/s'; readonly bound: number };

const shown = (token: Token): string => (token.kind === 'end' ? 'the end' : quoted(token.text));

const isDuration = (metric: Slo['metric']): metric is DurationMetric =>
  DURATION_METRICS.some((name) => name === metric);

function statOf(text: string): SloStat | undefined {
  if (text === 'min' || text === 'mean' || text === 'max') return text;
  const [, digits] = /^p(\d{1,2}(?:\.\d{1,6})?)$/.exec(text) ?? [];
  const percent = Number(digits);
  return digits !== undefined && percent > 0 ? percent : undefined;
}

function countFigure(text: string, metric: CountMetric): Figure | undefined {
  const [, digits, suffix] = /^(\d{1,15}(?:\.\d{1,9})?)(%|\/s)?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (suffix === '%') return value <= 100 ? { metric, unit: 'share', bound: value / 100 } : undefined;
  if (metric === 'rate') return suffix === '/s' ? { metric, unit: 'ops/s', bound: value } : undefined;
  return suffix === undefined && Number.isInteger(value) ? { metric, unit: 'ops', bound: value } : undefined;
}

/** Microseconds, or why not. A unit is asked for: a bare number would mean seconds elsewhere. */
function duration(text: string): Micros | string {
  if (/^[\d.]+$/.test(text)) return 'has no unit';
  const read = parseDuration(text);
  return typeof read === 'number' ? read : read.reason;
}

function boundHint(metric: Slo['metric']): string {
  if (isDuration(metric)) return 'write a length of time, e.g. 250ms or 1.5s';
  if (metric === 'rate') return 'write a share of the plan, e.g. 99%, or ops a second, e.g. 1000/s';
  return 'write a share from 0% to 100%, e.g. 0.1%, or a whole number of ops, e.g. 10';
}
