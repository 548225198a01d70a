import { newStats } from '../../edge/policy/edge-stats.ts';
import { REACHES } from '../../topology/model/topology.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { ASSUMPTIONS } from './assumptions.ts';
import { bottlenecksOf, losingIspOf } from './bottlenecks.ts';
import { distributionOf, medianOf, p95Of, p99Of } from './distribution.ts';
import { describeFault } from './fault-text.ts';
import type { Isp, LinkResult, Series, ServerResult, SimulationResult, SiteResult, Summary, Tier } from './result.ts';
import { add, hitsOf, ratio } from './series-book.ts';
import type { Simulation } from './simulation.ts';

const MOST_SERVER_ROWS = 200;
const MOST_LINK_ROWS = 100;
const MOST_ISP_ROWS = 20;
const MOST_LINKS = 2000;
/** Six digits say more than the model knows, and the bytes of a result should not depend on the last bit. */
const DIGITS = 6;

/** What a simulation has found, at its end or where it was stopped. */
export function makeResult(
  simulation: Simulation,
  version: string,
  reason: SimulationResult['ended']['reason'],
): SimulationResult {
  simulation.close();
  const { scenario, world } = simulation;
  const links = linksOf(simulation);
  const tiers = tiersOf(simulation);
  const isps = ispsOf(simulation, links);
  const servers = serversOf(simulation);
  const checks = simulation.checks.results();
  const summary = summaryOf(simulation, tiers, links);
  summary.bottlenecks = bottlenecksOf(simulation, links, servers);
  summary.losingIsp = losingIspOf(isps, links, summary);
  const result: SimulationResult = {
    schema: 'undercard-result/1',
    version,
    scenario,
    seed: scenario.seed,
    ended: { atSeconds: world.engine.nowMs / 1000, reason },
    world: worldOf(simulation),
    assumptions: [...ASSUMPTIONS],
    summary,
    tiers,
    distributions: distributionsOf(simulation),
    isps,
    sites: sitesOf(simulation, servers),
    servers,
    links: links.slice(0, MOST_LINKS),
    arcs: simulation.arcs.arcs(),
    faults: scenario.faults.map((fault) => describeFault(fault)),
    series: seriesOf(simulation, links, servers, summary.losingIsp?.id ?? null),
    checks,
  };
  return rounded(result);
}

function worldOf({ world }: Simulation): SimulationResult['world'] {
  const { topology, caches } = world;
  return {
    name: topology.name,
    synthetic: topology.synthetic,
    metros: topology.metros.length,
    networks: topology.networks.length,
    exchanges: topology.exchanges.length,
    sites: topology.sites.length,
    embeddedSites: topology.sites.filter(({ kind }) => kind === 'embedded').length,
    servers: caches.length,
    links: topology.links.length,
    subscribers: topology.access.reduce((sum, { subscribers }) => sum + subscribers, 0),
    edgeCapacityBps: caches.reduce((sum, { node, server }) => sum + (node.role === 'edge' ? server.nicBps : 0), 0),
  };
}

function tiersOf({ world }: Simulation): Tier[] {
  const cacheTier = (tier: 'edge' | 'shield'): Tier => {
    const nodes = world.caches.map(({ node }) => node).filter(({ role }) => role === tier);
    const stats = newStats();
    let [sentBytes, toViewers, filledBytes, fromAbove] = [0, 0, 0, 0];
    for (const node of nodes) {
      add(stats, node.pastStats);
      add(stats, node.machine.stats);
      sentBytes += node.load.sentBytes;
      toViewers += node.load.sentToViewersBytes;
      filledBytes += node.filledBytes;
      fromAbove += node.filledFromAboveBytes;
    }
    const hits = hitsOf(stats);
    const below = tier === 'edge' ? toViewers : sentBytes;
    return {
      tier,
      nodes: nodes.length,
      requests: stats.requests,
      hits,
      staleHits: stats.staleHits,
      collapsed: stats.collapsed,
      misses: stats.misses,
      passes: stats.passes,
      refused: stats.refused,
      fills: stats.fills,
      fillsFailed: stats.fillsFailed,
      leadersReplaced: stats.leadersReplaced,
      sentBytes,
      filledBytes,
      hitRatio: ratio(hits, hits + stats.collapsed + stats.misses),
      offload: below === 0 ? null : 1 - fromAbove / below,
    };
  };
  const { origins } = world;
  const sum = (value: (origin: (typeof origins)[number]) => number) =>
    origins.reduce((total, origin) => total + value(origin), 0);
  const origin: Tier = {
    tier: 'origin',
    nodes: origins.length,
    requests: sum(({ requests }) => requests),
    hits: 0,
    staleHits: 0,
    collapsed: 0,
    misses: 0,
    passes: 0,
    refused: sum(({ refused }) => refused),
    fills: 0,
    fillsFailed: 0,
    leadersReplaced: 0,
    sentBytes: sum(({ sentBytes }) => sentBytes),
    filledBytes: 0,
    hitRatio: null,
    offload: null,
  };
  return [cacheTier('edge'), cacheTier('shield'), origin];
}

function summaryOf(simulation: Simulation, tiers: readonly Tier[], links: readonly LinkResult[]): Summary {
  const { sessions, viewers, world, deliveries, series } = simulation;
  const [edge, shield, origin] = tiers as [Tier, Tier, Tier];
  const played = sum(sessions.playedMs);
  const stalled = sum(sessions.stallMs);
  const { rows } = series;
  return {
    arrived: simulation.arrived,
    peakPresent: simulation.peakPresent,
    sessions: sessions.place.length,
    reloads: viewers.reloads,
    gaveUp: viewers.gaveUp,
    neverPlayed: simulation.arrived - sessions.played.size,
    startupP50Ms: medianOf(sessions.startupMs),
    startupP95Ms: p95Of(sessions.startupMs),
    stallRatio: ratio(stalled, played + stalled) ?? 0,
    viewersStalledShare: ratio(sessions.stalled.size, simulation.arrived) ?? 0,
    meanBitrateBps: weightedMean(sessions.bitrateBps, sessions.playedMs),
    latencyP50Ms: medianOf(sessions.latencyMs),
    latencyP95Ms: p95Of(sessions.latencyMs),
    renditionSwitches: sessions.renditionSwitches,
    serverSwitches: sessions.serverSwitches,
    failures: { ...sessions.failures },
    segmentRequests: viewers.segmentRequests,
    machineRequests: edge.requests + shield.requests,
    deliveredBytes: deliveries.total,
    peakEgressBps: Math.max(0, ...rows.edgeBps),
    edgeOffload: edge.offload ?? 0,
    originOffload: deliveries.total === 0 ? 0 : 1 - origin.sentBytes / deliveries.total,
    originRequests: origin.requests,
    originPeakRequestsPerSecond: Math.max(0, ...rows.originRequestsPerSecond),
    originPeakBps: Math.max(0, ...rows.originBps),
    steeringDecisions: world.desk.decisions,
    rank0Share: ratio(deliveries.rank0, deliveries.total) ?? 0,
    healthMissBytes: deliveries.healthMiss,
    contentMissBytes: deliveries.contentMiss,
    costUsdMonth: costOf(links, 'us'),
    othersCostUsdMonth: costOf(links, 'others'),
    bottlenecks: [],
    losingIsp: null,
  };
}

function distributionsOf({ sessions }: Simulation): SimulationResult['distributions'] {
  const stallRatios = sessions.stallMs.map(
    (stallMs, session) => ratio(stallMs, stallMs + sessions.playedMs[session]!) ?? NaN,
  );
  const highest = (values: readonly number[], least: number) =>
    values.reduce((most, value) => (value > most ? value : most), least);
  return {
    startupMs: distributionOf(sessions.startupMs, 0, 5000),
    latencyMs: distributionOf(sessions.latencyMs, 0, 30_000),
    bitrateBps: distributionOf(sessions.bitrateBps, 0, highest(sessions.bitrateBps, 1e6)),
    // Most sessions never stand still: the scale is that of those that do.
    stallRatio: distributionOf(stallRatios, 0, Math.min(1, Math.max(0.01, 1.25 * (p99Of(stallRatios) ?? 0)))),
  };
}

function linksOf(simulation: Simulation): LinkResult[] {
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

function serversOf(simulation: Simulation): ServerResult[] {
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

function sitesOf(simulation: Simulation, servers: readonly ServerResult[]): SiteResult[] {
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

function ispsOf(simulation: Simulation, links: readonly LinkResult[]): Isp[] {
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

function seriesOf(
  simulation: Simulation,
  links: readonly LinkResult[],
  servers: readonly ServerResult[],
  losingIsp: string | null,
): Series {
  const { world, links: book, series, stepMs, deliveries } = simulation;
  const serverNumber = new Map<string, number>([
    ...world.caches.map(({ node }) => [node.id, node.server] as const),
    ...world.origins.map(({ id, server }) => [id, server] as const),
  ]);
  const topServers = servers
    .toSorted((a, b) => b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_SERVER_ROWS);
  const topLinks = links
    .toSorted((a, b) => b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_LINK_ROWS);
  const linkNumber = new Map(world.topology.links.map(({ id }, index) => [id, index]));
  const rates = (link: number) => book.steps.map((step) => step[link]!);
  const networkBytes = series.networks.map((_id, network) =>
    world.places.reduce(
      (total, _place, place) => total + (series.networkOf[place] === network ? deliveries.bytes[place]! : 0),
      0,
    ),
  );
  const topIsps = [...series.networks.keys()]
    .sort((a, b) => networkBytes[b]! - networkBytes[a]! || a - b)
    .filter((network, index) => index < MOST_ISP_ROWS || series.networks[network] === losingIsp);
  const siteRates = world.topology.sites.map((site) => {
    const here = world.caches.filter((cache) => cache.site === site);
    const capacityBps = here.reduce((total, { server }) => total + server.nicBps, 0);
    const bps = book.steps.map((step) =>
      here.reduce((total, { node }) => total + step[world.ways.serverLink(node.server)]!, 0),
    );
    return { bps, utilisation: bps.map((rate) => rate / capacityBps) };
  });
  return {
    stepSeconds: stepMs / 1000,
    ...series.rows,
    servers: {
      ids: topServers.map(({ id }) => id),
      utilisation: topServers.map(({ id, capacityBps }) =>
        rates(world.ways.serverLink(serverNumber.get(id)!)).map((rate) => rate / capacityBps),
      ),
    },
    links: {
      ids: topLinks.map(({ id }) => id),
      utilisation: topLinks.map(({ id, direction, capacityBps }) =>
        rates(2 * linkNumber.get(id)! + (direction === 'forth' ? 0 : 1)).map((rate) => rate / capacityBps),
      ),
    },
    sites: {
      ids: world.topology.sites.map(({ id }) => id),
      bps: siteRates.map(({ bps }) => bps),
      utilisation: siteRates.map(({ utilisation }) => utilisation),
    },
    isps: {
      ids: topIsps.map((network) => series.networks[network]!),
      bps: topIsps.map((network) => series.ispBytes.map((step) => (step[network]! * 8000) / stepMs)),
      stalledShare: topIsps.map((network) =>
        series.ispStalled.map((step, index) => ratio(step[network]!, series.ispPresent[index]![network]!) ?? 0),
      ),
    },
  };
}

function costOf(links: readonly LinkResult[], payer: LinkResult['paidBy']): number {
  return sum(links.filter(({ paidBy }) => paidBy === payer).map(({ costUsdMonth }) => costUsdMonth));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @param values NaN where there is none */
function weightedMean(values: readonly number[], weights: readonly number[]): number | null {
  let [total, weight] = [0, 0];
  values.forEach((value, index) => {
    if (Number.isNaN(value)) return;
    total += value * weights[index]!;
    weight += weights[index]!;
  });
  return ratio(total, weight);
}

/** Numbers to so many significant digits; what people wrote in the scenario stays as it is. */
function rounded(result: SimulationResult): SimulationResult {
  const round = (value: unknown): unknown => {
    if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS));
    if (Array.isArray(value)) return value.map(round);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, round(inner)]));
    return value;
  };
  const { scenario, ...rest } = result;
  const { schema, version, ...others } = round(rest) as Omit<SimulationResult, 'scenario'>;
  return { schema, version, scenario: scenario satisfies Scenario, ...others };
}
