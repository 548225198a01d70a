import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { stableHash } from '../../topology/model/stable-hash.ts';

/** One viewer of a load, before it comes. */
export interface RosterViewer {
  id: number;
  /** its player's */
  seed: number;
  /** what steering knows it by: viewers behind one address are still viewers of their own */
  session: string;
  /** after the load's start */
  atMs: number;
}

/** The viewers of a load, in the order of their numbers: the same ones for the same seed, in a simulation too. */
export function rosterOf(viewers: number, seed: number, arrivalSpreadMs: number): RosterViewer[] {
  const random = xoroshiro128plus(seed);
  return Array.from({ length: viewers }, (_, id) => {
    const own = stableHash(`viewer ${id}`, seed);
    return { id, seed: own, session: `load-${own}-${id}`, atMs: arrivalSpreadMs * uniformFloat32(random) };
  });
}
