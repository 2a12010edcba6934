import { DURATION_PATTERN, type Micros, parseDuration } from '../units/index.ts';
import type { Kind } from './kind.ts';

/** A duration within bounds, both written as a text of the file, e.g. `"1ms"`. */
export function duration(min: string, max: string): Kind<Micros> {
  const bounds = { min: known(min), max: known(max) };
  return {
    schema: {
      anyOf: [
        { type: 'number', minimum: bounds.min / 1_000_000, maximum: bounds.max / 1_000_000 },
        { type: 'string', pattern: DURATION_PATTERN },
      ],
    },
    read(place) {
      const { value } = place;
      const hint = 'write seconds or a text, e.g. 90 or "1m30s"';
      if (typeof value !== 'number' && typeof value !== 'string') {
        return place.refuse(`is ${place.shown}, must be a duration`, hint);
      }
      const read = parseDuration(value);
      if (typeof read !== 'number') return place.refuse(`is ${place.shown}, ${read.reason}`, hint);
      const expected = `must be a duration from ${min} to ${max}`;
      if (read < bounds.min) return place.refuse(`is ${place.shown}, ${expected}`, `write "${min}" or more`);
      if (read > bounds.max) return place.refuse(`is ${place.shown}, ${expected}`, `write "${max}" or less`);
      return read;
    },
  };
}

function known(text: string): Micros {
  const read = parseDuration(text);
  if (typeof read !== 'number') throw new TypeError(`bound ${text} ${read.reason}`);
  return read;
}
