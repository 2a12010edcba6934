export type { Column, Item, Op, Row } from './op.ts';
