export type { SloProblem, SloResult } from './parse-slo.ts';
export { parseSlo } from './parse-slo.ts';
export type { Slo, SloStat, SloUnit } from './slo.ts';
export { keeps, sloText } from './slo.ts';
