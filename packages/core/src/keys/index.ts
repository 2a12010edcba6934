export type { AliasTable } from './alias-table.ts';
export { aliasTable, pickOutcome } from './alias-table.ts';
export { hash32, mix32 } from './hash32.ts';
export { philox } from './philox.ts';
export type { Domain, Stream } from './stream.ts';
export { Block, below, DOMAIN, draw, keyAt, streamOf, uniform } from './stream.ts';
export { StreamChoice } from './stream-choice.ts';
