/** A place on an axis, 0 … 1 from its beginning, and what stands there. */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Left out where there is little room. */
  readonly minor: boolean;
}

/** Where values lie on an axis. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

const clamped = (x: number): number => Math.min(1, Math.max(0, x));

/** From 0 to a round number at or above `max`, in at most 5 steps of 1, 2 or 5 times a power of ten. */
export function linearScale(max: number, label: (value: number) => string): Scale {
  const step = [1, 2, 5, 10].map((by) => by * 10 ** Math.floor(Math.log10(max / 5))).find((each) => max / each <= 5);
  if (!(max > 0) || step === undefined) return { at: () => 0, ticks: [{ at: 0, label: label(0), minor: false }] };
  const steps = Math.ceil(max / step - 1e-9);
  const ticks = Array.from({ length: steps + 1 }, (_, i) => ({
    at: i / steps,
    label: label(Number((i * step).toPrecision(12))),
    minor: false,
  }));
  return { at: (value) => clamped(value / (steps * step)), ticks };
}

/** Logarithmic, from 1, 2 or 5 times a power of ten at or below `min` to one at or above `max`; ticks at those. */
export function logScale(min: number, max: number, label: (value: number) => string): Scale {
  const low = Math.max(1, min);
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(Math.max(low, max))); power += 1) {
    for (const by of [1, 2, 5]) values.push(Number((by * 10 ** power).toPrecision(12)));
  }
  const first = Math.max(
    0,
    values.findLastIndex((value) => value <= low),
  );
  const end = values.findIndex((value, i) => i > first && value >= max);
  const shown = values.slice(first, end < 0 ? undefined : end + 1);
  const [from, to] = [Math.log10(shown[0] ?? 1), Math.log10(shown.at(-1) ?? 10)];
  const at = (value: number): number => clamped((Math.log10(Math.max(value, 1)) - from) / (to - from));
  const isCrowded = shown.length > 7;
  const ticks = shown.map((value) => ({ at: at(value), label: label(value), minor: false }));
  return { at, ticks: isCrowded ? ticks.filter((_, i) => isDecade(shown[i] ?? 0)) : ticks };
}

const isDecade = (value: number): boolean => Math.abs(Math.log10(value) % 1) < 1e-9;

/** Seconds that people count in. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Time since the start, from 0 to `length` µs, in at most 8 round steps. */
export function timeScale(length: number): Scale {
  const seconds = length / 1e6;
  const step = STEPS.find((each) => seconds / each <= 8) ?? Math.ceil(seconds / 8 / 86_400) * 86_400;
  const count = Math.floor(seconds / step + 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => ({
    at: (i * step) / seconds,
    label: timeLabel(i * step, step),
    minor: count > 4 && i % 2 === 1,
  }));
  return { at: (us) => clamped(us / length), ticks };
}

/** As briefly as the step allows: `45 s`, `2:30`, `20 min`, `6 h`. */
function timeLabel(seconds: number, step: number): string {
  if (step % 3_600 === 0) return `${seconds / 3_600} h`;
  if (step % 60 === 0) return `${seconds / 60} min`;
  return step * 8 <= 120 ? `${seconds} s` : timeText(seconds * 1e6);
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Time since the start in µs as hours, minutes and seconds: `0:05`, `12:00`, `1:30:00`. */
export function timeText(us: number): string {
  const seconds = Math.round(us / 1e6);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A round duration in µs as briefly as it can be: `20 µs`, `5 ms`, `1 s`, `10 min`. */
export function briefDuration(us: number): string {
  if (us < 1e3) return `${us} µs`;
  if (us < 1e6) return `${Number((us / 1e3).toPrecision(3))} ms`;
  return `${Number((us / 1e6).toPrecision(6))} s`;
}

/** A round count as briefly as it can be: `250`, `20 k`, `1.5 M`. */
export function briefCount(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(4))} M`;
  if (count >= 1e4) return `${Number((count / 1e3).toPrecision(4))} k`;
  return `${Number(count.toPrecision(4))}`;
}
