import { newStats } from '../../edge/policy/edge-stats.ts';
import { REACHES } from '../../topology/model/topology.ts';
import { medianOf, p95Of } from './distribution.ts';
import type { Isp, LinkResult, ServerResult, SiteResult } from './result.ts';
import { add, hitsOf, ratio } from './series-book.ts';
import type { Simulation } from './simulation.ts';
import { sum, weightedMean } from './sums.ts';

export function linksOf(simulation: Simulation): LinkResult[] {
  const { world, links: book } = simulation;
  const results: LinkResult[] = [];
  world.topology.links.forEach((link, index) => {
    const [forth, back] = [2 * index, 2 * index + 1];
    const bytes = book.bytes[forth]! + book.bytes[back]!;
    if (bytes === 0) return;
    const fuller = book.peakBps[back]! > book.peakBps[forth]! ? back : forth;
    // Both directions are billed by the fuller one.
    const p95Bps = Math.max(book.p95Bps(forth), book.p95Bps(back));
    results.push({
      id: link.id,
      kind: link.kind,
      from: link.from,
      to: link.to,
      direction: fuller === forth ? 'forth' : 'back',
      capacityBps: link.capacityBps,
      bytes,
      peakBps: book.peakBps[fuller]!,
      p95Bps,
      peakUtilisation: book.peakShare[fuller]!,
      fullSeconds: book.fullSeconds[fuller]!,
      costUsdMonth: (p95Bps / 1e6) * link.pricePerMbpsMonth,
      paidBy: /^(?:site|region):/.test(link.from) ? 'us' : 'others',
    });
  });
  return results.sort(
    (a, b) => b.fullSeconds - a.fullSeconds || b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1),
  );
}

export function serversOf(simulation: Simulation): ServerResult[] {
  const { world, links, durationMs } = simulation;
  const capacitiesBps = world.ways.capacitiesBps();
  const row = (
    server: number,
    rest: Pick<ServerResult, 'id' | 'site' | 'role' | 'requests' | 'hitRatio' | 'peakCpuShare' | 'sentBytes'>,
  ): ServerResult => {
    const link = world.ways.serverLink(server);
    const capacityBps = capacitiesBps[link]!;
    const elapsedMs = Math.max(1, Math.min(durationMs, world.engine.nowMs));
    return {
      ...rest,
      capacityBps,
      peakBps: links.peakBps[link]!,
      peakUtilisation: links.peakShare[link]!,
      meanUtilisation: ratio((links.bytes[link]! * 8000) / elapsedMs, capacityBps) ?? 0,
    };
  };
  return [
    ...world.caches.map(({ node, site }) => {
      const stats = newStats();
      add(stats, node.pastStats);
      add(stats, node.machine.stats);
      const hits = hitsOf(stats);
      return row(node.server, {
        id: node.id,
        site: site.id,
        role: node.role,
        sentBytes: node.load.sentBytes,
        requests: stats.requests,
        hitRatio: ratio(hits, hits + stats.collapsed + stats.misses),
        peakCpuShare: node.load.peakShare,
      });
    }),
    ...world.origins.map((origin) =>
      row(origin.server, {
        id: origin.id,
        site: origin.region,
        role: 'origin',
        sentBytes: origin.sentBytes,
        requests: origin.requests,
        hitRatio: null,
        peakCpuShare: 0,
      }),
    ),
  ];
}

export function sitesOf(simulation: Simulation, servers: readonly ServerResult[]): SiteResult[] {
  const { world, links } = simulation;
  const metros = new Map(world.topology.metros.map((metro) => [metro.id, metro]));
  return world.topology.sites.map((site) => {
    const here = world.caches.filter((cache) => cache.site === site);
    const stats = newStats();
    for (const { node } of here) {
      add(stats, node.pastStats);
      add(stats, node.machine.stats);
    }
    const metro = metros.get(site.metro)!;
    const capacityBps = here.reduce((sum, { server }) => sum + server.nicBps, 0);
    const rates = links.steps.map((step) =>
      here.reduce((sum, { node }) => sum + step[world.ways.serverLink(node.server)]!, 0),
    );
    const peakBps = Math.max(0, ...rates);
    const hits = hitsOf(stats);
    return {
      id: site.id,
      kind: site.kind,
      metro: metro.name ?? metro.id,
      network: site.network ?? null,
      country: metro.country,
      latitude: metro.latitude,
      longitude: metro.longitude,
      servers: here.length,
      capacityBps,
      sentBytes: servers.reduce(
        (sum, server) => sum + (server.site === site.id && server.role !== 'origin' ? server.sentBytes : 0),
        0,
      ),
      peakBps,
      peakUtilisation: peakBps / capacityBps,
      hitRatio: ratio(hits, hits + stats.collapsed + stats.misses),
      filledFromAboveBytes: here.reduce((sum, { node }) => sum + node.filledFromAboveBytes, 0),
    };
  });
}

export function ispsOf(simulation: Simulation, links: readonly LinkResult[]): Isp[] {
  const { world, deliveries, sessions, series, viewersOf, stepMs } = simulation;
  const costs = costsByNetwork(simulation, links);
  const networks = new Map(world.topology.networks.map((network) => [network.id, network]));
  const bySession = Map.groupBy(sessions.place.keys(), (session) => series.networkOf[sessions.place[session]!]!);
  return series.networks
    .map((id, index): Isp => {
      const places = [...world.places.keys()].filter((place) => series.networkOf[place] === index);
      const over = (values: ArrayLike<number>) => places.reduce((total, place) => total + values[place]!, 0);
      const reached = (reach: number) =>
        places.reduce((total, place) => total + deliveries.reachBytes[place * REACHES.length + reach]!, 0);
      const here = bySession.get(index) ?? [];
      const of = (values: readonly number[]) => here.map((session) => values[session]!);
      const [played, stalled] = [sum(of(sessions.playedMs)), sum(of(sessions.stallMs))];
      const network = networks.get(id)!;
      return {
        id,
        name: network.name ?? id,
        asn: network.asn,
        country: network.country ?? null,
        viewers: over(viewersOf),
        sessions: here.length,
        bytes: over(deliveries.bytes),
        peakBps: Math.max(0, ...series.ispBytes.map((step) => (step[index]! * 8000) / stepMs)),
        embeddedBytes: reached(0),
        privateBytes: reached(1),
        peeringBytes: reached(2),
        transitBytes: reached(3),
        rank0Bytes: over(deliveries.rank0Bytes),
        healthMissBytes: over(deliveries.healthMissBytes),
        contentMissBytes: over(deliveries.contentMissBytes),
        startupP50Ms: medianOf(of(sessions.startupMs)),
        startupP95Ms: p95Of(of(sessions.startupMs)),
        stallRatio: ratio(stalled, played + stalled) ?? 0,
        meanBitrateBps: weightedMean(of(sessions.bitrateBps), of(sessions.playedMs)),
        latencyP50Ms: medianOf(of(sessions.latencyMs)),
        neverPlayed: of(sessions.startupMs).filter((value) => Number.isNaN(value)).length,
        costUsdMonth: costs.get(index) ?? 0,
        ownCostUsdMonth: sum(
          links.filter(({ from }) => from === `network:${id}`).map(({ costUsdMonth }) => costUsdMonth),
        ),
      };
    })
    .filter(({ viewers, bytes }) => viewers > 0 || bytes > 0)
    .sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1));
}

/** Each link's cost among the networks whose viewers' bytes came over it, by their bytes. */
function costsByNetwork(simulation: Simulation, links: readonly LinkResult[]): Map<number, number> {
  const { world, deliveries, series } = simulation;
  const priced = new Map(
    links
      .filter(({ costUsdMonth, paidBy }) => costUsdMonth > 0 && paidBy === 'us')
      .map((link) => [link.id, link.costUsdMonth]),
  );
  const bytesOver = new Map<number, Map<number, number>>();
  for (const [link, places] of deliveries.bytesOverLinks()) {
    const shares = new Map<number, number>();
    for (const [place, bytes] of places) {
      const network = series.networkOf[place]!;
      shares.set(network, (shares.get(network) ?? 0) + bytes);
    }
    bytesOver.set(link, shares);
  }
  const costs = new Map<number, number>();
  for (const [link, shares] of bytesOver) {
    const cost = priced.get(world.topology.links[link]!.id);
    if (cost === undefined) continue;
    const total = sum([...shares.values()]);
    for (const [network, bytes] of shares) costs.set(network, (costs.get(network) ?? 0) + (cost * bytes) / total);
  }
  return costs;
}
