import type { Arc, ArcEnd } from './result.ts';
import type { Simulation } from './simulation.ts';

const MOST_ARCS = 400;

/** Who sent to whom, by pairs of metros or regions; what stays within a metro is left out. */
export function arcsOf(simulation: Simulation): Arc[] {
  const { world, deliveries } = simulation;
  const { topology, caches, origins, places, engine } = world;
  const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
  const seconds = Math.max(1, engine.nowMs / 1000);
  const arcs = new Map<string, Arc>();
  const add = (kind: Arc['kind'], from: ArcEnd, to: ArcEnd, bytes: number) => {
    if (bytes === 0 || (from.latitude === to.latitude && from.longitude === to.longitude)) return;
    const name = `${kind} ${from.name} ${to.name}`;
    const known = arcs.get(name);
    if (known === undefined) arcs.set(name, { kind, from, to, bytes, peakBps: 0 });
    else known.bytes += bytes;
  };
  const metroEnd = (id: string): ArcEnd => {
    const { name, latitude, longitude } = metros.get(id)!;
    return { name: name ?? id, latitude, longitude };
  };
  for (const { server, place, bytes } of deliveries.pairs.values()) {
    add('delivery', metroEnd(caches[server]!.site.metro), metroEnd(places[place]!.metro), bytes);
  }
  for (const { node, site } of caches) {
    for (const [from, bytes] of node.filledBytesFrom) {
      const cache = caches[from];
      if (cache !== undefined) add('fill', metroEnd(cache.site.metro), metroEnd(site.metro), bytes);
      else {
        const { region } = origins[from - caches.length]!;
        const { name, latitude, longitude } = topology.regions.find(({ id }) => id === region)!;
        add('origin', { name: name ?? region, latitude, longitude }, metroEnd(site.metro), bytes);
      }
    }
  }
  return [...arcs.values()]
    .map((arc) => ({ ...arc, peakBps: (arc.bytes * 8) / seconds }))
    .sort((a, b) => b.bytes - a.bytes || (`${a.from.name} ${a.to.name}` < `${b.from.name} ${b.to.name}` ? -1 : 1))
    .slice(0, MOST_ARCS);
}
