/** Closed forms of caches whose requests are independent of one another (the independent reference model). */

/** Probabilities from weights. */
export function normalised(weights: ArrayLike<number>): Float64Array {
  const shares = Float64Array.from(weights);
  let total = 0;
  for (const share of shares) total += share;
  return shares.map((share) => share / total);
}

/**
 * Che's approximation (Che, Tung, Wang 2002; Fricker, Robert, Roberts 2012): each object is there with a probability that
 * depends on a time T common to all, chosen such that as many are there as there is room for. For LRU 1 − e^(−pT); for
 * FIFO and RANDOM pT / (1 + pT) (Martina, Garetto, Leonardi 2014).
 * @param popularity probabilities of the objects
 * @param room objects that the cache holds, fewer than there are
 */
export function cheMissRatio(popularity: Float64Array, room: number, eviction: 'lru' | 'fifo'): number {
  const isThere = eviction === 'lru' ? (x: number) => -Math.expm1(-x) : (x: number) => x / (1 + x);
  const held = (time: number) => popularity.reduce((sum, share) => sum + isThere(share * time), 0);
  let low = 0;
  let high = room;
  while (held(high) < room) high *= 2;
  // Sixty halvings leave nothing of the width.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (held(middle) < room) low = middle;
    else high = middle;
  }
  return popularity.reduce((sum, share) => sum + share * (1 - isThere(share * high)), 0);
}

/**
 * The fewest misses that any policy can have that must store what it fetches: Belady's (1966), which evicts what is
 * asked for again last.
 * @param trace objects in order of their requests, numbered from 0
 */
export function beladyMisses(trace: Int32Array, objects: number, room: number): number {
  const never = trace.length;
  const nextUse = new Int32Array(trace.length);
  const seen = new Int32Array(objects).fill(never);
  for (let at = trace.length - 1; at >= 0; at--) {
    nextUse[at] = seen[trace[at]!]!;
    seen[trace[at]!] = at;
  }
  // Each object held has one next use. Held uses are marked on the trace; the last one is evicted.
  const isHeldUse = new Uint8Array(never + 1);
  const isHeld = new Uint8Array(objects);
  const neverUsed: number[] = [];
  let last = never - 1;
  let held = 0;
  let misses = 0;
  for (let at = 0; at < trace.length; at++) {
    const object = trace[at]!;
    if (isHeld[object] === 1) isHeldUse[at] = 0;
    else {
      misses++;
      if (held === room) evict();
      isHeld[object] = 1;
      held++;
    }
    const next = nextUse[at]!;
    if (next === never) neverUsed.push(object);
    else {
      isHeldUse[next] = 1;
      last = Math.max(last, next);
    }
  }
  return misses;

  function evict(): void {
    let victim = neverUsed.pop();
    if (victim === undefined) {
      last = isHeldUse.lastIndexOf(1, last);
      isHeldUse[last] = 0;
      victim = trace[last]!;
    }
    isHeld[victim] = 0;
    held--;
  }
}
