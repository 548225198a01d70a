import { HashRing } from '../../../topology/model/ring.ts';
import { stableHash } from '../../../topology/model/stable-hash.ts';
import { chiSquare, type Check, estimate, exactly, type Rung, type RungContext } from '../rung.ts';

const NODES = 20;
/** Points of one node on the ring, as ring.ts has them. */
const POINTS = 160;
const KEYS = 3000;

export const ring: Rung = {
  id: 'ring',
  title: 'Consistent hashing',
  source: 'Karger et al. 1997: removing one of N moves 1/N of the keys, and only its own',
  run: (context) => [...checkShares(context), ...checkRemovals(context)],
};

/** How even the shares are, over many rings. */
function checkShares({ seed, quick }: RungContext): Check[] {
  const rings = quick ? 10 : 40;
  const keys = keysFor(seed);
  let spread = 0;
  let firsts = 0;
  for (let at = 0; at < rings; at++) {
    const nodes = nodesOf(seed, at);
    const whole = new HashRing(nodes);
    const counts = new Map<string, number>();
    for (const key of keys) {
      const [owner] = whole.owners(key, 1);
      counts.set(owner!, (counts.get(owner!) ?? 0) + 1);
    }
    for (const node of nodes) spread += ((counts.get(node) ?? 0) / KEYS - 1 / NODES) ** 2;
    firsts += counts.get(nodes[0]!) ?? 0;
  }
  // A node's share of the circle is Beta(points, points of the others), and its keys are binomial beside that.
  const unit = (1 / NODES) * (1 / (NODES * POINTS + 1) + 1 / KEYS);
  const error = Math.sqrt((unit * (1 - 1 / NODES)) / rings);
  const basis = `${rings} rings, ${POINTS} points a node, ${KEYS} keys`;
  return [
    estimate('share of the keys that one node has', 1 / NODES, firsts / rings / KEYS, error, basis),
    chiSquare('unevenness of the shares', spread / unit, rings * (NODES - 1)),
  ];
}

/** Each node of some rings is taken out in turn. */
function checkRemovals({ seed, quick, progress }: RungContext): Check[] {
  const rings = quick ? 1 : 5;
  const keys = keysFor(seed);
  let [left, others, disorder] = [0, 0, 0];
  for (let at = 0; at < rings; at++) {
    const nodes = nodesOf(seed, at);
    const whole = new HashRing(nodes);
    const before = keys.map((key) => whole.owners(key, 3));
    for (const [index, gone] of nodes.entries()) {
      progress((at + index / NODES) / rings);
      const rest = new HashRing(nodes.filter((node) => node !== gone));
      for (const [place, owners] of before.entries()) {
        const after = rest.owners(keys[place]!, 2);
        if (after[0] === gone) left++;
        if (owners[0] !== gone && after[0] !== owners[0]) others++;
        const expected = owners.filter((node) => node !== gone);
        if (after[0] !== expected[0] || after[1] !== expected[1]) disorder++;
      }
    }
  }
  return [
    exactly('keys that stay with a node that is gone', 0, left),
    exactly('keys of other nodes that moved', 0, others),
    exactly('keys that went to another than was named next', 0, disorder),
  ];
}

function keysFor(seed: number): number[] {
  return Array.from({ length: KEYS }, (_, key) => stableHash(`key ${key}`, seed));
}

function nodesOf(seed: number, ring: number): string[] {
  return Array.from({ length: NODES }, (_, node) => `node-${seed}-${ring}-${node}`);
}
