/**
 * The known name that somebody who wrote `name` most likely meant: the one that takes the fewest insertions, deletions,
 * replacements and swaps of neighbours (Damerau and Levenshtein), if those are few for its length; the first of equals.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const written = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const whole = candidate.toLowerCase();
    // A unit forgotten is half a letter: `capacity` means `capacityBps`.
    const bare = candidate.replace(/(?:Bps|Ms|Seconds|Bytes)$/, '').toLowerCase();
    const distance =
      bare === whole
        ? editDistance(written, whole, bestDistance)
        : Math.min(editDistance(written, whole, bestDistance), editDistance(written, bare, bestDistance) + 0.5);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** @returns `most` or more when the distance is not below it */
export function editDistance(a: string, b: string, most = Infinity): number {
  if (Math.abs(a.length - b.length) >= most) return most;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let at = 1; at <= b.length; at++) {
      const same = a[row - 1] === b[at - 1];
      let cost = Math.min(above[at]! + 1, current[at - 1]! + 1, above[at - 1]! + (same ? 0 : 1));
      if (row > 1 && at > 1 && a[row - 1] === b[at - 2] && a[row - 2] === b[at - 1]) {
        cost = Math.min(cost, before[at - 2]! + 1);
      }
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[b.length]!;
}
