/**
 * Shares out a whole number in proportion to weights, exactly: each part is its quota rounded down, and what is left
 * goes to the largest remainders (Hamilton’s method), ties to the earlier.
 * @param weights not negative; at least one positive
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (!(sum > 0)) throw new RangeError('weights need a positive sum');
  const quotas = weights.map((weight) => (total * weight) / sum);
  const parts = quotas.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const order = quotas
    .map((quota, index) => ({ index, remainder: quota - parts[index]! }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (let place = 0; place < left; place++) parts[order[place % order.length]!.index]!++;
  return parts;
}

/**
 * Gives seats away one by one, each to the claimant with the largest weight for each seat it would then have
 * (Sainte-Laguë: weight / (2·seats + 1)): nobody with seats loses one when there are more to give.
 * @param firsts seats that each claimant has already
 * @param most seats a claimant can take at most
 */
export function seats(
  total: number,
  weights: readonly number[],
  firsts: readonly number[] = [],
  most: readonly number[] = [],
): number[] {
  const given = weights.map((_, index) => firsts[index] ?? 0);
  // A heap of claims, largest first; a claim is renewed when it has been met.
  const claims: { claim: number; index: number }[] = [];
  const before = (a: { claim: number; index: number }, b: { claim: number; index: number }) =>
    a.claim > b.claim || (a.claim === b.claim && a.index < b.index);
  const sink = (from: number) => {
    for (let at = from; ;) {
      let best = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < claims.length && before(claims[child]!, claims[best]!)) best = child;
      }
      if (best === at) return;
      [claims[at], claims[best]] = [claims[best]!, claims[at]!];
      at = best;
    }
  };
  const claimOf = (index: number) =>
    given[index]! >= (most[index] ?? Infinity) ? -1 : weights[index]! / (2 * given[index]! + 1);
  weights.forEach((_, index) => claims.push({ claim: claimOf(index), index }));
  for (let at = (claims.length >> 1) - 1; at >= 0; at--) sink(at);
  for (let seat = 0; seat < total && claims.length > 0 && claims[0]!.claim > 0; seat++) {
    const { index } = claims[0]!;
    given[index]!++;
    claims[0] = { claim: claimOf(index), index };
    sink(0);
  }
  return given;
}
