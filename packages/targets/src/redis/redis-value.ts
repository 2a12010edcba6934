import type { Json } from '@drumline/core/plan';
import type { Arg } from './resp.ts';

/** How a value is stored: bytes as they are, text as UTF-8, every other literal as its JSON text. */
export const redisValue = (value: Uint8Array | Json): Arg =>
  typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value);
