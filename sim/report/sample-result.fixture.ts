import { scenarioSchema } from '../scenarios/scenario.ts';
import { Random } from '../engine/random.ts';
import type {
  Arc,
  CheckResult,
  Distribution,
  FaultMark,
  Isp,
  LinkResult,
  Series,
  ServerResult,
  SimulationResult,
  SiteResult,
  Tier,
} from '../run/result.ts';
import { SAMPLE_METROS } from './sample-places.fixture.ts';

export const SAMPLE_LOSER = 'isp-fr-1';
export const SAMPLE_BOTTLENECK = 'peer-isp-fr-1';
export const SAMPLE_EXCHANGE_SITE = 'ix-frankfurt';

const STEPS = 300;
const STEP_SECONDS = 2;
const VIEWERS = 50_000;
const NOMINAL_BPS = 4.6e6;
const CAPACITY_LEFT = 0.18;
/** what each viewer of the sample stands for, so that the map has Tbit/s to show */
const EXCHANGE_DOWN = { from: 300, until: 390 };
const LINK_REDUCED = { from: 180, until: 480 };

const SHAPE = { shieldMetros: [0, 4, 7, 5], embeddedFrom: 28, isps: 60, servers: 120 };

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
      target: `link ${SAMPLE_BOTTLENECK}`,
      fromSeconds: LINK_REDUCED.from,
      untilSeconds: LINK_REDUCED.until,
      text: `link ${SAMPLE_BOTTLENECK}: 18 % of its capacity left`,
    },
    {
      kind: 'exchange-down',
      target: 'exchange fra-ix',
      fromSeconds: EXCHANGE_DOWN.from,
      untilSeconds: EXCHANGE_DOWN.until,
      text: 'exchange fra-ix: all its ports down',
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

interface SampleIsp {
  id: string;
  name: string;
  asn: number;
  country: string;
  metro: number;
  weight: number;
  europe: boolean;
  reach: 'embedded' | 'private' | 'peering' | 'transit';
}

function makeIsps(random: Random): SampleIsp[] {
  const counts = new Map<string, number>();
  return Array.from({ length: SHAPE.isps }, (_, at) => {
    // Paris comes first, for it is the one that loses.
    const metro = at === 0 ? 3 : at < SAMPLE_METROS.length ? (at <= 3 ? at - 1 : at) : Math.floor((at - 40) * 1.7) % 34;
    const [name, country, latitude, longitude] = SAMPLE_METROS[metro]!;
    const number = (counts.get(country) ?? 0) + 1;
    counts.set(country, number);
    const reach = at === 0 ? 'peering' : (['private', 'peering', 'peering', 'embedded', 'transit'] as const)[at % 5]!;
    return {
      id: `isp-${country.toLowerCase()}-${number}`,
      name: `${name} Broadband ${number}`,
      asn: 64_500 + at,
      country,
      metro,
      weight: (at === 0 ? 2.4 : 3 / (at + 1) ** 0.55) * (0.8 + 0.4 * random.uniform()),
      europe: latitude > 40 && longitude > -12 && longitude < 30,
      reach,
    };
  });
}

function makeSites(random: Random, isps: SampleIsp[], ispBps: number[][], times: number[], down: number[]) {
  const rows = SAMPLE_METROS.map(() => times.map(() => 0));
  isps.forEach((isp, at) => {
    const home = isp.metro;
    const spread = home === 0 ? 1 : isp.europe ? 0 : (at * 7) % SHAPE.embeddedFrom;
    const backup = isp.europe ? 1 : spread;
    times.forEach((_, step) => {
      const bps = ispBps[at]![step]!;
      const main = home === 0 && down[step] === 1 ? backup : home;
      rows[main]![step]! += bps * 0.86;
      rows[home === 0 && down[step] === 1 ? 2 : spread]![step]! +=
        bps * 0.14 * (spread === 0 && down[step] === 1 ? 0 : 1);
    });
  });
  const sites: SiteResult[] = SAMPLE_METROS.map(([name, country, latitude, longitude], at) => {
    const embedded = at >= SHAPE.embeddedFrom;
    const peakBps = Math.max(...rows[at]!);
    const slug = name
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z ]/g, '')
      .replaceAll(' ', '-');
    const capacityBps = Math.max(2e8, peakBps / (at === 1 ? 0.97 : 0.35 + 0.45 * random.uniform()));
    const sentBytes = Math.round((sum(rows[at]!) * STEP_SECONDS) / 8);
    return {
      id: `${embedded ? 'in' : 'ix'}-${slug}`,
      kind: embedded ? 'embedded' : 'ix',
      metro: slug,
      network: embedded ? (isps.find(({ metro }) => metro === at)?.id ?? null) : null,
      country,
      latitude,
      longitude,
      servers: 3,
      capacityBps,
      sentBytes,
      peakBps,
      peakUtilisation: peakBps / capacityBps,
      hitRatio: 0.96 + 0.03 * random.uniform(),
      filledFromAboveBytes: Math.round(sentBytes * 0.011),
    };
  });
  return { sites, sitesBps: rows };
}

function makeServers(random: Random, sites: SiteResult[], sitesBps: number[][], edgeBps: number[]) {
  const servers: ServerResult[] = [];
  const rows: { id: string; row: number[] }[] = [];
  sites.forEach((site, at) => {
    const shares = [0.36, 0.33, 0.31];
    shares.forEach((share, number) => {
      const isShield = number === 2 && SHAPE.shieldMetros.includes(at);
      const capacityBps = (site.capacityBps / 3) * (share / 0.345);
      const row = (isShield ? edgeBps.map((bps) => bps * 0.004) : sitesBps[at]!.map((bps) => bps * share)).map((bps) =>
        Math.min(1, (bps / capacityBps) * (1 + 0.02 * random.normal())),
      );
      servers.push(
        serverResult(random, `${site.id}-${number + 1}`, site.id, isShield ? 'shield' : 'edge', capacityBps, row),
      );
      rows.push({ id: `${site.id}-${number + 1}`, row });
    });
  });
  const row = edgeBps.map((bps) => Math.min(1, (bps * 0.0006) / 2e9));
  servers.push(serverResult(random, 'origin-us-east', 'us-east', 'origin', 2e9, row));
  rows.push({ id: 'origin-us-east', row });
  return { servers, serverRows: rows };
}

function serverResult(
  random: Random,
  id: string,
  site: string,
  role: ServerResult['role'],
  capacityBps: number,
  row: number[],
): ServerResult {
  const mean = sum(row) / row.length;
  const sentBytes = Math.round((mean * capacityBps * row.length * STEP_SECONDS) / 8);
  return {
    id,
    site,
    role,
    capacityBps,
    sentBytes,
    peakBps: Math.max(...row) * capacityBps,
    peakUtilisation: Math.max(...row),
    meanUtilisation: mean,
    requests: Math.round(sentBytes / 650_000),
    hitRatio: role === 'origin' ? null : 0.95 + 0.04 * random.uniform(),
    peakCpuShare: Math.max(...row) * 0.42,
  };
}

function makeLinks(
  random: Random,
  isps: SampleIsp[],
  ispBps: number[][],
  sites: SiteResult[],
  sitesBps: number[][],
  reduced: number[],
) {
  const links: LinkResult[] = [];
  const rows: { id: string; row: number[] }[] = [];
  const add = (
    id: string,
    kind: LinkResult['kind'],
    from: string,
    to: string,
    bps: number[],
    capacityBps: number,
    price: number,
    left?: number[],
  ) => {
    const row = bps.map((value, at) => Math.min(1, value / (capacityBps * (left?.[at] ?? 1))));
    const sorted = bps.toSorted((a, b) => a - b);
    const p95Bps = sorted[Math.floor(sorted.length * 0.95)]!;
    links.push({
      id,
      kind,
      from,
      to,
      direction: 'forth',
      capacityBps,
      bytes: Math.round((sum(bps) * STEP_SECONDS) / 8),
      peakBps: sorted.at(-1)!,
      p95Bps,
      peakUtilisation: Math.max(...row),
      fullSeconds: row.filter((value) => value > 0.95).length * STEP_SECONDS,
      costUsdMonth: (p95Bps / 1e6) * price,
    });
    rows.push({ id, row });
  };
  isps.forEach(({ id, reach, metro }, at) => {
    const bps = ispBps[at]!;
    const peak = Math.max(...bps);
    const site = `site:${sites[metro]!.id}`;
    const loses = id === SAMPLE_LOSER;
    add(
      `access-${id}`,
      'access',
      `network:${id}`,
      `access:${id}/${sites[metro]!.metro}`,
      bps,
      peak / (0.2 + 0.3 * random.uniform()),
      0,
    );
    if (reach === 'peering')
      // While it is reduced, demand fills what is left.
      add(
        `peer-${id}`,
        'peering',
        `exchange:ix-${sites[metro]!.metro}`,
        `network:${id}`,
        bps,
        loses ? (bps[200]! * 1.001) / CAPACITY_LEFT : peak / (0.4 + 0.4 * random.uniform()),
        0.06,
        loses ? reduced.map((now) => 1 - (1 - CAPACITY_LEFT) * now) : undefined,
      );
    if (reach === 'private' || reach === 'embedded')
      add(`pni-${id}`, 'private', site, `network:${id}`, bps, peak / (0.3 + 0.4 * random.uniform()), 0.02);
    if (reach === 'transit')
      add(`transit-${id}`, 'transit', site, 'network:transit-1', bps, peak / (0.5 + 0.3 * random.uniform()), 0.35);
  });
  sites.forEach(({ id }, at) => {
    const shield = sites[SHAPE.shieldMetros[at % 4]!]!;
    const fills = sitesBps[at]!.map((bps) => bps * 0.011);
    add(
      `bb-${id}`,
      'backbone',
      `site:${shield.id}`,
      `site:${id}`,
      fills,
      Math.max(...fills, 1e6) / (0.1 + 0.5 * random.uniform()),
      0.2,
    );
  });
  return { links, linkRows: rows };
}

function makeArcs(
  isps: SampleIsp[],
  ispBps: number[][],
  sites: SiteResult[],
  sitesBps: number[][],
  bytesOf: (bps: readonly number[]) => number,
): Arc[] {
  const end = (at: number) => ({
    name: SAMPLE_METROS[at]![0],
    latitude: SAMPLE_METROS[at]![2],
    longitude: SAMPLE_METROS[at]![3],
  });
  const region = { name: 'us-east', latitude: 38.9, longitude: -77.4 };
  const arcs: Arc[] = [];
  isps.forEach((isp, at) => {
    const other = isp.europe ? (isp.metro === 1 ? 0 : 1) : (at * 7) % SHAPE.embeddedFrom;
    const peakBps = Math.max(...ispBps[at]!);
    arcs.push({
      kind: 'delivery',
      from: end(isp.metro),
      to: end(isp.metro),
      bytes: bytesOf(ispBps[at]!) * 0.86,
      peakBps: peakBps * 0.86,
    });
    arcs.push({
      kind: 'delivery',
      from: end(other),
      to: end(isp.metro),
      bytes: bytesOf(ispBps[at]!) * 0.14,
      peakBps: peakBps * 0.14,
    });
  });
  sites.forEach((site, at) => {
    const shield = SHAPE.shieldMetros[at % 4]!;
    if (shield !== at)
      arcs.push({
        kind: 'fill',
        from: end(shield),
        to: end(at),
        bytes: site.filledFromAboveBytes,
        peakBps: Math.max(...sitesBps[at]!) * 0.011,
      });
  });
  for (const shield of SHAPE.shieldMetros)
    arcs.push({ kind: 'origin', from: region, to: end(shield), bytes: 2.4e9, peakBps: 6e7 });
  return arcs.toSorted((a, b) => b.bytes - a.bytes);
}

function ispResult(isp: SampleIsp, loses: boolean, bps: number[], present: number[], random: Random): Isp {
  const bytes = Math.round((sum(bps) * STEP_SECONDS) / 8);
  const byReach = { embedded: 0, private: 0, peering: 0, transit: 0, [isp.reach]: Math.round(bytes * 0.9) };
  const away = bytes - byReach[isp.reach];
  byReach[isp.reach === 'peering' ? 'transit' : 'peering'] += away;
  const viewers = Math.round(present.at(-1)!);
  const healthMissBytes = Math.round(bytes * (isp.europe ? 0.12 : 0.01));
  const contentMissBytes = Math.round(bytes * 0.008);
  return {
    id: isp.id,
    name: isp.name,
    asn: isp.asn,
    country: isp.country,
    viewers,
    sessions: Math.round(viewers * (loses ? 3.1 : 1.1)),
    bytes,
    peakBps: Math.max(...bps),
    embeddedBytes: byReach.embedded,
    privateBytes: byReach.private,
    peeringBytes: byReach.peering,
    transitBytes: byReach.transit,
    rank0Bytes: bytes - healthMissBytes - contentMissBytes,
    healthMissBytes,
    contentMissBytes,
    startupP50Ms: loses ? 2900 : 480 + 400 * random.uniform(),
    startupP95Ms: loses ? 11_400 : 1500 + 900 * random.uniform(),
    stallRatio: loses ? 0.163 : (isp.europe ? 0.012 : 0.002) * (0.7 + random.uniform()),
    meanBitrateBps: loses ? 2.1e6 : NOMINAL_BPS * (0.92 + 0.1 * random.uniform()),
    latencyP50Ms: loses ? 14_100 : 7000 + 800 * random.uniform(),
    neverPlayed: loses ? 190 : Math.round(random.uniform()),
    costUsdMonth: 0,
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

function distribution(values: number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const high = at(0.995);
  const counts = Array.from({ length: 50 }, () => 0);
  for (const value of sorted) counts[Math.min(49, Math.floor((value / high) * 50))]!++;
  return {
    count: sorted.length,
    mean: sum(sorted) / sorted.length,
    p5: at(0.05),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1)!,
    histogram: { low: 0, high, counts },
  };
}

function fullestRows(rows: { id: string; row: number[] }[], most: number) {
  const shown = rows.toSorted((a, b) => Math.max(...b.row) - Math.max(...a.row)).slice(0, most);
  return { ids: shown.map(({ id }) => id), utilisation: shown.map(({ row }) => row) };
}

function rampShare(t: number, { from, until }: { from: number; until: number }, ramp: number): number {
  return Math.max(0, Math.min(1, (t - from) / ramp, (until - t) / ramp));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
