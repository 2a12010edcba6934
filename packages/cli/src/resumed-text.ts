import type { Resumed } from '@drumline/publisher';

/** Where a run was taken over and what became of the time between, e.g. `resumed at beat 512, 530 beats (5.3 s) late`. */
export function resumedText({ beat, gap }: Resumed): string {
  const where = `resumed at beat ${beat}`;
  if (gap.beats === 0) return `${where}, no beat was missed`;
  const seconds = `${(gap.time / 1e6).toFixed(1)} s`;
  const beats = `${gap.beats} ${gap.beats === 1 ? 'beat' : 'beats'}`;
  if (gap.policy === 'shift') return `${where}, everything from there on ${seconds} later than planned`;
  return `${where}, ${beats} (${seconds}) ${gap.policy === 'drop' ? 'dropped' : 'late'}`;
}
