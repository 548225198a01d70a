import { CdnFootprints } from '../../steering/policy/cdns/cdn-footprints.ts';
import { GB_BYTES, nextPricePerGB, TB_BYTES, volumeCost } from '../../steering/policy/cdns/cdn-price.ts';
import { monthAt } from '../../steering/policy/cdns/month.ts';
import type { Cdn } from '../../topology/model/cdns.ts';
import type { CdnResult, Series } from '../run/result.ts';
import type { Simulation } from '../run/simulation.ts';
import type { CdnSteeringDesk } from './cdn-desk.ts';
import type { CdnRehearsal } from './cdn-world.ts';

/** What a rehearsal of other people's CDNs takes for granted, beside what every simulation does. */
export const CDN_ASSUMPTIONS: readonly string[] = [
  'Where other people’s CDNs really stand, and how they are joined to networks, is not known: each is taken to stand where the topology’s own sites stood at exchanges, at those nearest to the subscribers of its footprint, with maxBps (without it half as much again as all viewers can take) split among them by subscribers, and without a shield.',
  'Each CDN has private interconnects and transit of its own, as large as the topology’s own sites had there; hosts of embedded sites are joined to the nearest exchange instead.',
  'Inside a CDN viewers are sent to servers by our own policy, and its caches are ours.',
  'Steering sees CDNs by probes, which fail when no site of a CDN is up, and counts what goes there by sessions and the stated bitrate of each: what players tell does not reach it here.',
  'The best site of a network is the best of all CDNs’ sites: bytes from others count as missing it, whoever chose the CDN.',
  'The run lies in the middle of a month; unless the file says what was delivered, commitments are on time when it begins.',
];

/** What went to each CDN, what it costs at the file's prices, and how its viewers fared. */
export function cdnResults(simulation: Simulation, rehearsal: CdnRehearsal, series: Series): CdnResult[] {
  const { sessions, world } = simulation;
  const desk = world.desk as CdnSteeringDesk;
  desk.close();
  const { cdns } = rehearsal.cdns;
  const delivered = deliveredTo(simulation, rehearsal);
  const all = delivered.reduce((sum, { bytes }) => sum + bytes, 0);
  const seconds = world.engine.nowMs / 1000;
  const cdnOf = (server: number) => rehearsal.cdnOfSite.get(world.caches[server]!.site.id)!;
  return cdns.map((cdn, number): CdnResult => {
    const { bytes, byRegion } = delivered[number]!;
    const own = sessions.mainServer.flatMap((server, session) =>
      server >= 0 && cdnOf(server) === number ? [session] : [],
    );
    const sum = (values: readonly number[]) => own.reduce((total, session) => total + (values[session]! || 0), 0);
    const playedMs = sum(sessions.playedMs);
    const stallMs = sum(sessions.stallMs);
    const owed = owedBytes(cdn, world.engine.wallMs, seconds);
    return {
      id: cdn.id,
      sites: [...rehearsal.cdnOfSite.values()].filter((its) => its === number).length,
      firstChoices: desk.firsts[number]!,
      deliveredBytes: bytes,
      deliveredShare: all === 0 ? 0 : bytes / all,
      estimatedBytes: desk.estimatedBytes[number]!,
      peakBps: peakOf(number, rehearsal, series),
      maxBps: cdn.maxBps ?? null,
      cost: costOf(cdn, byRegion, desk.monthBefore[number]!),
      owedBytes: owed,
      owedShare: owed === null || owed === 0 ? null : bytes / owed,
      sessions: own.length,
      stallRatio: playedMs + stallMs === 0 ? 0 : stallMs / (playedMs + stallMs),
      stalledShare:
        own.length === 0 ? 0 : own.filter((session) => sessions.stallCount[session]! > 0).length / own.length,
      meanBitrateBps:
        playedMs === 0
          ? null
          : sum(own.length === 0 ? [] : weighted(sessions.bitrateBps, sessions.playedMs)) / playedMs,
    };
  });
}

function weighted(values: readonly number[], weights: readonly number[]): number[] {
  return values.map((value, at) => value * weights[at]!);
}

interface Delivered {
  bytes: number;
  /** by region of the CDN, '' outside of them */
  byRegion: Map<string, number>;
}

function deliveredTo({ world, deliveries }: Simulation, { cdns, cdnOfSite, clients }: CdnRehearsal): Delivered[] {
  const footprints = new CdnFootprints(cdns.cdns);
  const delivered = cdns.cdns.map((): Delivered => ({ bytes: 0, byRegion: new Map() }));
  for (const { server, place, bytes } of deliveries.pairs.values()) {
    const cdn = cdnOfSite.get(world.caches[server]!.site.id)!;
    const { network, metro } = world.places[place]!;
    const { inside, outside } = footprints.classOf(clients.get(`${network}/${metro}`)!);
    const region = [...inside, ...outside].find((offer) => offer.cdn === cdn)?.region ?? '';
    const book = delivered[cdn]!;
    book.bytes += bytes;
    book.byRegion.set(region, (book.byRegion.get(region) ?? 0) + bytes);
  }
  return delivered;
}

/** At the prices of the file, on top of what the month had before; null where it has none. */
function costOf(cdn: Cdn, byRegion: ReadonlyMap<string, number>, monthBytes: number): number | null {
  let cost = 0;
  for (const [region, bytes] of byRegion) {
    const pricePerGB = cdn.regions.find(({ id }) => id === region)?.pricePerGB ?? cdn.pricePerGB ?? null;
    if (pricePerGB !== null) {
      cost += volumeCost(pricePerGB, monthBytes + bytes) - volumeCost(pricePerGB, monthBytes);
      continue;
    }
    const next = nextPricePerGB({ cdn: 0, weight: 1, pricePerGB, region: null }, cdn, monthBytes);
    if (!Number.isFinite(next)) return null;
    cost += (bytes / GB_BYTES) * next;
  }
  return cost;
}

/** What the commitment asks for in the time of the run. */
function owedBytes({ commitmentTB, commitmentMbps }: Cdn, wallMs: number, seconds: number): number | null {
  if (commitmentMbps !== undefined) return (commitmentMbps * 1e6 * seconds) / 8;
  if (commitmentTB === undefined) return null;
  return (commitmentTB * TB_BYTES * seconds * 1000) / monthAt(wallMs).lengthMs;
}

/** Of the steps of the series, all sites of the CDN together. */
function peakOf(cdn: number, { cdnOfSite }: CdnRehearsal, { timesSeconds, sites }: Series): number {
  const own = sites.ids.flatMap((id, at) => (cdnOfSite.get(id) === cdn ? [sites.bps[at]!] : []));
  return timesSeconds.reduce(
    (most, _, step) =>
      Math.max(
        most,
        own.reduce((sum, bps) => sum + bps[step]!, 0),
      ),
    0,
  );
}
