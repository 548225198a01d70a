import { DEMO_TOPOLOGY, DemoWorld, openWorld } from '../demo/world.ts';
import { LAST_MILE_MS, LONGER, RATE_BPS } from './timeline.ts';

/** The demo's world, with narrower and longer links. */
export function proofWorld(seed: number): DemoWorld {
  const { topology } = openWorld(DEMO_TOPOLOGY, seed, { rttMs: undefined, rateBps: RATE_BPS });
  const links = topology.links.map((link) => {
    const latencyMs = link.latencyMs === undefined ? undefined : LONGER * link.latencyMs;
    return link.kind === 'access' ? { ...link, latencyMs: (latencyMs ?? 0) + LAST_MILE_MS } : { ...link, latencyMs };
  });
  const sites = topology.sites.map((site) => ({
    ...site,
    servers: site.servers.map((server) => (server.role === 'edge' ? { ...server, nicBps: RATE_BPS } : server)),
  }));
  return new DemoWorld({ ...topology, sites, links, pathStretch: LONGER * topology.pathStretch }, seed, DEMO_TOPOLOGY);
}
