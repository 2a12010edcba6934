export type { Column, DataOp, Item, Op, Row } from './op.ts';
export { addDigests, NO_DIGEST, OpDigest } from './op-digest.ts';
export { OpHasher } from './op-hasher.ts';
export type { TaskData } from './op-source.ts';
export { itemsPerOp, OpSource, streamChoice } from './op-source.ts';
export type { RowTemplate } from './row-template.ts';
export { RowSource, rowTemplate } from './row-template.ts';
export { bytesColumn, matches, valueOf, wordOf } from './values.ts';
