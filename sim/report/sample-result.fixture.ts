import { Random } from '../engine/random.ts';
import type { CheckResult, FaultMark, Series, SimulationResult, Tier } from '../run/result.ts';
import { scenarioSchema } from '../scenarios/scenario.ts';
import {
  ispResult,
  makeArcs,
  makeIsps,
  makeLinks,
  makeServers,
  makeSites,
  NOMINAL_BPS,
  SAMPLE_LOSER,
  SHAPE,
  STEP_SECONDS,
} from './sample-network.fixture.ts';
import { distribution, fullestRows, rampShare, sum } from './sample-numbers.fixture.ts';
import { SAMPLE_METROS } from './sample-places.fixture.ts';

export { SAMPLE_LOSER };
export const SAMPLE_BOTTLENECK = 'peer-isp-fr-1';

const STEPS = 300;
const VIEWERS = 50_000;
const EXCHANGE_DOWN = { from: 300, until: 390 };
const LINK_REDUCED = { from: 180, until: 480 };

/**
 * A result as a run might have it, for the report's own tests: a flash crowd on 40 sites and 60 ISPs; at 3:00 one ISP's
 * peering link loses most of its capacity, at 5:00 an exchange fails. Nothing in it was simulated.
 */
export function sampleResult(seed = 1): SimulationResult {
  const random = new Random(seed, 'sample result');
  const times = Array.from({ length: STEPS }, (_, at) => (at + 1) * STEP_SECONDS);
  const isps = makeIsps(random);
  const loser = isps.findIndex(({ id }) => id === SAMPLE_LOSER);
  const weightSum = isps.reduce((sum, { weight }) => sum + weight, 0);

  const present = times.map((t) => Math.round(VIEWERS / (1 + Math.exp(-(t - 150) / 22))));
  const arrivals = present.map((now, at) => Math.max(0, now - (at > 0 ? present[at - 1]! : 0)));
  const starting = arrivals.map((now) => Math.round(now * 0.45));
  const reduced = times.map((t) => rampShare(t, LINK_REDUCED, 20));
  const down = times.map((t) => (t >= EXCHANGE_DOWN.from && t < EXCHANGE_DOWN.until ? 1 : 0));
  const shock = times.map((t) => (t >= EXCHANGE_DOWN.from ? Math.exp(-(t - EXCHANGE_DOWN.from) / 11) : 0));

  const stalledShare = isps.map(({ europe }, isp) =>
    times.map((_, at) => {
      const own = isp === loser ? 0.34 * reduced[at]! : 0;
      const exchange = (europe ? 0.22 : 0.006) * shock[at]!;
      return Math.min(0.9, Math.max(0, own + exchange + 0.0012 + 0.001 * random.normal()));
    }),
  );
  const ispPresent = isps.map(({ weight }) => present.map((now) => (now * weight) / weightSum));
  const stalled = times.map((_, at) =>
    Math.round(isps.reduce((sum, _isp, isp) => sum + ispPresent[isp]![at]! * stalledShare[isp]![at]!, 0)),
  );
  const playing = times.map((_, at) => Math.max(0, present[at]! - starting[at]! - stalled[at]!));
  const ispBps = isps.map((_, isp) =>
    times.map((_t, at) => {
      const quality = isp === loser ? 1 - 0.62 * reduced[at]! : 1 - 0.04 * down[at]!;
      return (
        ispPresent[isp]![at]! * (1 - stalledShare[isp]![at]!) * NOMINAL_BPS * quality * (1 + 0.02 * random.normal())
      );
    }),
  );
  const edgeBps = times.map((_, at) => ispBps.reduce((sum, row) => sum + row[at]!, 0));
  const bitrateBps = times.map((_, at) => (playing[at]! > 0 ? (edgeBps[at]! / playing[at]!) * 0.98 : null));

  const { sites, sitesBps } = makeSites(random, isps, ispBps, times, down);
  const { servers, serverRows } = makeServers(random, sites, sitesBps, edgeBps);
  const { links, linkRows } = makeLinks(random, isps, ispBps, sites, sitesBps, reduced);

  const shieldBps = edgeBps.map((bps, at) => bps * 0.011 + 2e8 * shock[at]! + 4e7);
  const originBps = edgeBps.map((bps, at) => Math.min(1.2e9, bps * 0.0006 + 3e7) * (1 + 0.5 * shock[at]!));
  const requests = edgeBps.map((bps) => bps / 5.2e6 + 4);
  const hitRatio = times.map((t, at) => 0.985 - 0.3 * Math.exp(-t / 15) - 0.12 * shock[at]! + 0.002 * random.normal());
  const health = times.map((_, at) => edgeBps[at]! * (0.004 + 0.19 * down[at]! + 0.03 * reduced[at]!));
  const content = edgeBps.map((bps) => bps * 0.008);
  const reloads = times.map((_, at) => Math.round(stalled[at]! * 0.11));
  const series: Series = {
    stepSeconds: STEP_SECONDS,
    timesSeconds: times,
    present,
    playing,
    stalled,
    starting,
    arrivals,
    reloads,
    bitrateBps,
    edgeBps,
    shieldBps,
    originBps,
    edgeRequestsPerSecond: requests,
    shieldRequestsPerSecond: requests.map((value, at) => value * (1 - hitRatio[at]!) * 0.4),
    originRequestsPerSecond: originBps.map((bps) => bps / 5e6),
    edgeHitRatio: hitRatio,
    shieldHitRatio: times.map((t, at) => (t < 6 ? null : 0.93 - 0.1 * shock[at]! + 0.004 * random.normal())),
    edgeFillsPerSecond: requests.map((value, at) => value * (1 - hitRatio[at]!) * 0.5),
    edgeCollapsedPerSecond: requests.map((value, at) => value * (1 - hitRatio[at]!) * 2.5),
    failuresPerSecond: times.map((_, at) => shock[at]! * 420 + reduced[at]! * 18 * random.uniform()),
    serverSwitchesPerSecond: times.map((_, at) => shock[at]! * 900 + reduced[at]! * 30 * random.uniform() + 0.4),
    rank0Bps: edgeBps.map((bps, at) => bps - health[at]! - content[at]!),
    healthMissBps: health,
    contentMissBps: content,
    servers: fullestRows(serverRows, 200),
    links: fullestRows(linkRows, 100),
    sites: {
      ids: sites.map(({ id }) => id),
      bps: sitesBps,
      utilisation: sitesBps.map((row, at) => row.map((bps) => Math.min(1, bps / sites[at]!.capacityBps))),
    },
    isps: {
      ids: isps.slice(0, 20).map(({ id }) => id),
      bps: ispBps.slice(0, 20),
      stalledShare: stalledShare.slice(0, 20),
    },
  };

  const bytesOf = (bps: readonly number[]) => Math.round((sum(bps) * STEP_SECONDS) / 8);
  const deliveredBytes = bytesOf(edgeBps);
  const ispResults = isps.map((isp, at) => ispResult(isp, at === loser, ispBps[at]!, ispPresent[at]!, random));
  const bottleneckLink = links.find(({ id }) => id === SAMPLE_BOTTLENECK)!;
  const fullSeconds = bottleneckLink.fullSeconds;
  const sessions = VIEWERS + sum(reloads);
  const scenario = scenarioSchema.parse({
    name: 'sample-night',
    title: 'Sample night: an exchange fails while one ISP’s peering is reduced',
    description:
      'Fifty thousand viewers come within two minutes. At 3:00 the peering link of one French ISP keeps 18 % of its ' +
      'capacity; at 5:00 the Frankfurt exchange goes down for a minute and a half.',
    seed,
    durationSeconds: STEPS * STEP_SECONDS,
    audience: { viewers: VIEWERS, arrival: { kind: 'flash-crowd', atSeconds: 150, widthSeconds: 40 } },
  });
  const faults: FaultMark[] = [
    {
      kind: 'capacity-reduced',
      target: SAMPLE_BOTTLENECK,
      fromSeconds: LINK_REDUCED.from,
      untilSeconds: LINK_REDUCED.until,
      text: `${SAMPLE_BOTTLENECK}: 18 % of its capacity left`,
    },
    {
      kind: 'exchange-down',
      target: 'fra-ix',
      fromSeconds: EXCHANGE_DOWN.from,
      untilSeconds: EXCHANGE_DOWN.until,
      text: 'fra-ix down',
    },
  ];
  const checks: CheckResult[] = [
    'bytes conserved',
    'one fill per key and tier',
    'no link above capacity',
    'time never backwards',
  ].map((name) => ({ name, ok: true, looks: 120_000 + Math.round(random.uniform() * 90_000), violations: [] }));
  const bytesTo = ispResults.reduce((total, { bytes }) => total + bytes, 0);
  const loserResult = ispResults[loser]!;
  return {
    schema: 'undercard-result/1',
    version: '0.1.0',
    scenario,
    seed,
    ended: { atSeconds: STEPS * STEP_SECONDS, reason: 'end' },
    world: {
      name: 'sample world',
      synthetic: true,
      metros: SAMPLE_METROS.length,
      networks: isps.length + 4,
      exchanges: 24,
      sites: sites.length,
      embeddedSites: sites.filter(({ kind }) => kind === 'embedded').length,
      servers: SHAPE.servers,
      links: links.length,
      subscribers: 48_000_000,
      edgeCapacityBps: sum(sites.map(({ capacityBps }) => capacityBps)),
    },
    assumptions: [
      'A transfer is a flow with max-min fair sharing; queues and single packets are not modelled.',
      'Other traffic does not use the links: their capacity is what the event may take.',
      'The month’s 95th percentile is taken to be that of this run.',
    ],
    summary: {
      arrived: VIEWERS,
      peakPresent: Math.max(...present),
      sessions,
      reloads: sum(reloads),
      gaveUp: 96,
      neverPlayed: 214,
      startupP50Ms: 640,
      startupP95Ms: 2310,
      stallRatio: sum(stalled) / (sum(stalled) + sum(playing)),
      viewersStalledShare: 0.118,
      meanBitrateBps: sum(edgeBps) / sum(playing),
      latencyP50Ms: 7400,
      latencyP95Ms: 11_900,
      renditionSwitches: 81_204,
      serverSwitches: 24_771,
      failures: { timeout: 4120, reset: 11_032, refused: 310 },
      segmentRequests: Math.round(sum(requests) * STEP_SECONDS),
      machineRequests: Math.round(sum(requests) * STEP_SECONDS * 1.03),
      deliveredBytes,
      peakEgressBps: Math.max(...edgeBps),
      edgeOffload: 1 - sum(shieldBps) / sum(edgeBps),
      originOffload: 1 - sum(originBps) / sum(edgeBps),
      originRequests: Math.round((sum(originBps) * STEP_SECONDS) / 5e6),
      originPeakRequestsPerSecond: Math.max(...originBps) / 5e6,
      originPeakBps: Math.max(...originBps),
      steeringDecisions: sessions + 61_000,
      rank0Share: sum(series.rank0Bps) / sum(edgeBps),
      healthMissBytes: bytesOf(health),
      contentMissBytes: bytesOf(content),
      costUsdMonth: sum(links.map(({ costUsdMonth }) => costUsdMonth)),
      othersCostUsdMonth: 0,
      bottlenecks: [
        {
          kind: 'link',
          id: SAMPLE_BOTTLENECK,
          peakUtilisation: 1,
          fullSeconds,
          text: `The peering link ${SAMPLE_BOTTLENECK} of ${loserResult.name} was full for ${fullSeconds} s.`,
        },
        {
          kind: 'server',
          id: 'ix-amsterdam-1',
          peakUtilisation: 0.97,
          fullSeconds: 12,
          text: 'The server ix-amsterdam-1 was full for 12 s.',
        },
      ],
      losingIsp: {
        id: SAMPLE_LOSER,
        text: `${loserResult.name} lost most: its viewers stood still ${(loserResult.stallRatio * 100).toFixed(1)} % of the time.`,
      },
    },
    tiers: tiers(series, bytesOf, requests),
    distributions: {
      startupMs: distribution(Array.from({ length: 5000 }, () => random.logNormal(640, 0.75))),
      latencyMs: distribution(Array.from({ length: 5000 }, () => 5200 + random.logNormal(2200, 0.55))),
      bitrateBps: distribution(
        Array.from(
          { length: 5000 },
          () => [0.9e6, 1.8e6, 3.2e6, 5.8e6][bitrateOf(random)]! * (0.94 + 0.06 * random.uniform()),
        ),
      ),
      stallRatio: distribution(
        Array.from({ length: 5000 }, () => (random.uniform() < 0.88 ? 0 : Math.min(1, random.exponential(0.09)))),
      ),
    },
    isps: ispResults
      .map((isp) => ({ ...isp, costUsdMonth: (isp.bytes / bytesTo) * 90_000 }))
      .toSorted((a, b) => b.bytes - a.bytes),
    sites,
    servers,
    links: links.toSorted((a, b) => b.peakUtilisation - a.peakUtilisation),
    arcs: makeArcs(isps, ispBps, sites, sitesBps, bytesOf),
    faults,
    series,
    checks,
  };
}
function tiers(series: Series, bytesOf: (bps: readonly number[]) => number, requests: number[]): Tier[] {
  const total = Math.round(sum(requests) * STEP_SECONDS);
  const fills = Math.round(sum(series.edgeFillsPerSecond) * STEP_SECONDS);
  const collapsed = Math.round(sum(series.edgeCollapsedPerSecond) * STEP_SECONDS);
  const edge = { sent: bytesOf(series.edgeBps), filled: bytesOf(series.shieldBps) };
  const shield = { sent: edge.filled, filled: bytesOf(series.originBps) };
  const rest = { staleHits: 0, passes: 0, refused: 0, fillsFailed: 12, leadersReplaced: 9 };
  const shieldRequests = Math.round(fills * 0.8);
  return [
    {
      tier: 'edge',
      nodes: 116,
      requests: total,
      hits: total - fills - collapsed,
      collapsed,
      misses: fills,
      fills,
      ...rest,
      sentBytes: edge.sent,
      filledBytes: edge.filled,
      hitRatio: (total - fills - collapsed) / total,
      offload: 1 - edge.filled / edge.sent,
    },
    {
      tier: 'shield',
      nodes: 4,
      requests: shieldRequests,
      hits: Math.round(shieldRequests * 0.9),
      collapsed: Math.round(shieldRequests * 0.06),
      misses: Math.round(shieldRequests * 0.04),
      fills: Math.round(shieldRequests * 0.04),
      ...rest,
      sentBytes: shield.sent,
      filledBytes: shield.filled,
      hitRatio: 0.9,
      offload: 1 - shield.filled / shield.sent,
    },
    {
      tier: 'origin',
      nodes: 1,
      requests: Math.round(shieldRequests * 0.04),
      hits: 0,
      collapsed: 0,
      misses: 0,
      fills: 0,
      ...rest,
      sentBytes: shield.filled,
      filledBytes: 0,
      hitRatio: null,
      offload: null,
    },
  ];
}

function bitrateOf(random: Random): number {
  const draw = random.uniform();
  return draw < 0.05 ? 0 : draw < 0.12 ? 1 : draw < 0.3 ? 2 : 3;
}
