import type { Finding } from './finding.ts';
import { distanceKm } from './geography.ts';
import type { TopologyIndex } from './topology-index.ts';

/** The largest bundles between two points are a few tens of Tbit/s. */
const MOST_LINK_BPS = 100e12;
/** Four ports of 800 Gbit/s. */
const MOST_NIC_BPS = 3.2e12;
/** One viewer of a low quality takes as much; less is a slip of a unit. */
const LEAST_LINK_BPS = 1e6;
/** More than what is needed to be never short, by so much that it was not meant. */
const MOST_NIC_EXCESS = 4;
const LIGHT_KM_PER_MS = 299.792458;

/** Capacities and latencies that can hardly be. */
export function findOddCapacities(index: TopologyIndex): Finding[] {
  const { sites, links, access } = index.topology;
  const findings: Finding[] = [];
  const warn = (path: Finding['path'], message: string) => findings.push({ path, severity: 'warning', message });
  const servingBps = sites.map(() => 0);

  links.forEach(({ id, kind, capacityBps, latencyMs }, at) => {
    const [from, to] = [index.from[at]!, index.to[at]!];
    if (capacityBps > MOST_LINK_BPS) {
      warn(['links', at, 'capacityBps'], `${id} carries ${gbps(capacityBps)}; no link does, is it in bit/s?`);
    }
    if (capacityBps < LEAST_LINK_BPS) {
      warn(['links', at, 'capacityBps'], `${id} carries ${capacityBps} bit/s, not one viewer; is it in bit/s?`);
    }
    for (const node of [from, to]) {
      if (index.kindOf(node) === 'site' && kind !== 'backbone') servingBps[node]! += capacityBps;
    }
    const [here, there] = [index.positionOf(from), index.positionOf(to)];
    if (latencyMs === undefined || here === null || there === null) return;
    const leastMs = distanceKm(here, there) / LIGHT_KM_PER_MS;
    if (latencyMs < leastMs) {
      warn(
        ['links', at, 'latencyMs'],
        `${id} takes ${latencyMs} ms for ${Math.round(leastMs * LIGHT_KM_PER_MS)} km; light takes ${leastMs.toFixed(1)} ms. Leave it out to have it computed`,
      );
    }
  });

  sites.forEach(({ id, servers }, at) => {
    servers.forEach(({ id: server, nicBps }, place) => {
      if (nicBps <= MOST_NIC_BPS) return;
      warn(
        ['sites', at, 'servers', place, 'nicBps'],
        `${server} sends ${gbps(nicBps)}; no server does, is it in bit/s?`,
      );
    });
    const nicBps = servers.reduce((sum, server) => sum + (server.role === 'edge' ? server.nicBps : 0), 0);
    const carriedBps = servingBps[at]!;
    if (carriedBps === 0 || nicBps <= MOST_NIC_EXCESS * carriedBps) return;
    warn(
      ['sites', at],
      `servers of ${id} send ${gbps(nicBps)}, its links to networks and exchanges carry ${gbps(carriedBps)}`,
    );
  });

  access.forEach(({ network, metro, subscribers }, at) => {
    if (subscribers === 0) warn(['access', at, 'subscribers'], `nobody subscribes to ${network} in ${metro}`);
  });
  return findings;
}

function gbps(bps: number): string {
  return `${Number((bps / 1e9).toPrecision(4))} Gbit/s`;
}
