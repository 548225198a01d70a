import { stableHash } from '../../../topology/model/stable-hash.ts';

/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998; the logarithm for weights is Mosharaf and Wang's): whoever has
 * the highest score has the key. Shares are as the weights; a changed weight moves only the difference, and when one
 * goes, its keys alone go to the others, as their weights are.
 * @param key a hash of what is to be placed
 * @returns −Infinity for a weight of 0
 */
export function rendezvousScore(name: string, key: number, weight: number): number {
  if (weight <= 0) return -Infinity;
  // Never 0 nor 1, of which one has no logarithm and the other's is 0.
  const point = (stableHash(name, key) + 0.5) / 2 ** 32;
  return -weight / Math.log(point);
}
