import type { Topology } from '../../topology/model/topology.ts';

/** The same network with all links and servers so many times as wide. */
export function scaleCapacities(topology: Topology, factor: number): Topology {
  if (factor === 1) return topology;
  return {
    ...topology,
    links: topology.links.map((link) => ({ ...link, capacityBps: link.capacityBps * factor })),
    sites: topology.sites.map((site) => ({
      ...site,
      servers: site.servers.map((server) => ({ ...server, nicBps: server.nicBps * factor })),
    })),
  };
}
