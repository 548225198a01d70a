import { HashRing } from '../../../topology/model/ring.ts';
import { stableHash } from '../../../topology/model/stable-hash.ts';
import { type Check, chiSquare, estimate, exactly, type Rung } from '../rung.ts';

const NODES = 20;
/** Points of one node on the ring, as ring.ts has them. */
const POINTS = 160;
const RINGS = 8;
const QUICK_RINGS = 3;
const KEYS = 4000;

export const ring: Rung = {
  id: 'ring',
  title: 'Consistent hashing',
  source: 'Karger et al. 1997: removing one of N moves 1/N of the keys, and only its own',
  run({ seed, quick, progress }) {
    const rings = quick ? QUICK_RINGS : RINGS;
    const keys = Array.from({ length: KEYS }, (_, key) => stableHash(`key ${key}`, seed));
    let [spread, moved, others, disorder] = [0, 0, 0, 0];
    for (let at = 0; at < rings; at++) {
      const nodes = Array.from({ length: NODES }, (_, node) => `node-${seed}-${at}-${node}`);
      const whole = new HashRing(nodes);
      const before = keys.map((key) => whole.owners(key, NODES));
      const counts = new Map<string, number>();
      for (const [owner] of before) counts.set(owner!, (counts.get(owner!) ?? 0) + 1);
      for (const node of nodes) spread += ((counts.get(node) ?? 0) / KEYS - 1 / NODES) ** 2;
      for (const [index, gone] of nodes.entries()) {
        progress((at + index / NODES) / rings);
        const rest = new HashRing(nodes.filter((node) => node !== gone));
        for (const [key, owners] of before.entries()) {
          const after = rest.owners(keys[key]!, index === 0 ? NODES - 1 : 1);
          const hasMoved = after[0] !== owners[0];
          if (hasMoved && owners[0] !== gone) others++;
          if (hasMoved && index === 0) moved++;
          if (index === 0 && !isWithout(owners, gone, after)) disorder++;
        }
      }
    }
    return [
      ...shareChecks(rings, spread, moved),
      exactly('keys of other nodes that moved', 0, others),
      exactly('keys whose stand-ins changed their order', 0, disorder),
    ];
  },
};

function shareChecks(rings: number, spread: number, moved: number): Check[] {
  // A node's share of the circle is Beta(points, points of the others), and its keys are binomial beside that.
  const variance = (1 / NODES) * (1 - 1 / NODES) * (1 / (NODES * POINTS + 1) + 1 / KEYS);
  const basis = `${rings} rings, ${POINTS} points a node, ${KEYS} keys`;
  const freedom = rings * (NODES - 1);
  const statistic = spread / (variance / (1 - 1 / NODES));
  return [
    estimate(
      'share of the keys that moves with one node',
      1 / NODES,
      moved / rings / KEYS,
      Math.sqrt(variance / rings),
      basis,
    ),
    chiSquare('unevenness of the shares', statistic, freedom),
  ];
}

function isWithout(owners: readonly string[], gone: string, after: readonly string[]): boolean {
  const rest = owners.filter((node) => node !== gone);
  return rest.length === after.length && rest.every((node, at) => node === after[at]);
}
