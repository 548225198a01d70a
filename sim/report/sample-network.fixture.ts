import type { Random } from '../engine/random.ts';
import type { Arc, Isp, LinkResult, ServerResult, SiteResult } from '../run/result.ts';
import { sum } from './sample-numbers.fixture.ts';
import { SAMPLE_METROS } from './sample-places.fixture.ts';

export const SAMPLE_LOSER = 'isp-fr-1';
export const STEP_SECONDS = 2;
export const NOMINAL_BPS = 4.6e6;
/** what the fault leaves of the losing ISP's peering link */
const CAPACITY_LEFT = 0.18;

export const SHAPE = { shieldMetros: [0, 4, 7, 5], embeddedFrom: 28, isps: 60, servers: 120 };

export interface SampleIsp {
  id: string;
  name: string;
  asn: number;
  country: string;
  metro: number;
  weight: number;
  europe: boolean;
  reach: 'embedded' | 'private' | 'peering' | 'transit';
}

export function makeIsps(random: Random): SampleIsp[] {
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

export function makeSites(random: Random, isps: SampleIsp[], ispBps: number[][], times: number[], down: number[]) {
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

export function makeServers(random: Random, sites: SiteResult[], sitesBps: number[][], edgeBps: number[]) {
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

export function makeLinks(
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
      paidBy: /^(?:site|region):/.test(from) ? 'us' : 'others',
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

export function makeArcs(
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
export function ispResult(isp: SampleIsp, loses: boolean, bps: number[], present: number[], random: Random): Isp {
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
    ownCostUsdMonth: 0,
  };
}
