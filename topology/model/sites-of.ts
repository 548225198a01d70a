import type { Site } from './site.ts';
import type { Topology } from './topology.ts';

/**
 * The sites of a topology as steering reads them, those without an edge left out.
 * @param urlOf where players reach an edge, which a topology does not say
 */
export function sitesOf(topology: Topology, urlOf: (edgeId: string) => string): Site[] {
  const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
  return topology.sites.flatMap(({ id, metro, kind, servers }) => {
    const { country, latitude, longitude } = metros.get(metro)!;
    const edges = servers
      .filter(({ role }) => role === 'edge')
      .map((server) => ({ id: server.id, url: urlOf(server.id), capacityBps: server.nicBps }));
    return edges.length === 0 ? [] : [{ id, country, latitude, longitude, kind, edges }];
  });
}
