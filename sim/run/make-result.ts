import { CDN_ASSUMPTIONS, cdnResults } from '../cdns/cdn-results.ts';
import { newStats } from '../../edge/policy/edge-stats.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { ASSUMPTIONS } from './assumptions.ts';
import { bottlenecksOf, losingIspOf } from './bottlenecks.ts';
import { distributionOf, medianOf, p95Of, p99Of } from './distribution.ts';
import { describeFault } from './fault-text.ts';
import { seriesOf } from './result-series.ts';
import { ispsOf, linksOf, serversOf, sitesOf } from './result-tables.ts';
import type { LinkResult, SimulationResult, Summary, Tier } from './result.ts';
import { add, hitsOf, ratio } from './series-book.ts';
import { sum, weightedMean } from './sums.ts';
import type { Simulation } from './simulation.ts';

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
  const series = seriesOf(simulation, links, servers, summary.losingIsp?.id ?? null);
  const result: SimulationResult = {
    schema: 'undercard-result/1',
    version,
    scenario,
    seed: scenario.seed,
    ended: { atSeconds: world.engine.nowMs / 1000, reason },
    world: worldOf(simulation),
    assumptions: simulation.cdns === null ? [...ASSUMPTIONS] : [...ASSUMPTIONS, ...CDN_ASSUMPTIONS],
    summary,
    tiers,
    distributions: distributionsOf(simulation),
    isps,
    sites: sitesOf(simulation, servers),
    ...(simulation.cdns === null ? {} : { cdns: cdnResults(simulation, simulation.cdns, series) }),
    servers,
    links: links.slice(0, MOST_LINKS),
    arcs: simulation.arcs.arcs(),
    faults: scenario.faults.map((fault) => describeFault(fault)),
    series,
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

function costOf(links: readonly LinkResult[], payer: LinkResult['paidBy']): number {
  return sum(links.filter(({ paidBy }) => paidBy === payer).map(({ costUsdMonth }) => costUsdMonth));
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
