/**
 * The candidate that was probably meant by `word`, for "did you mean". Case, `_`, `-` and spaces are ignored; else a third
 * of the letters may be wrong, or a beginning of at least three letters be all there is.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = plainly(word);
  if (plain === '') return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = plainly(candidate);
    const isBeginning = plain.length >= 3 && other.startsWith(plain);
    if (!isBeginning && Math.abs(plain.length - other.length) >= bestDistance) continue;
    const distance = isBeginning ? 1 : editDistance(plain, other);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

const plainly = (word: string): string => word.toLowerCase().replaceAll(/[\s_-]/g, '');

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      }
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
