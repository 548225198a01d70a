import type { ArcEnd, SimulationResult } from '../run/result.ts';
import { project, worldOutlines } from '../../topology/map/base-map.ts';
import { arcPath } from '../../topology/map/arc.ts';
import { FULL_SHARE } from './verdict.ts';

/** More than this no map shows apart, and the page stays light. */
const SITES_MOST = 400;
/** Fewer than this standing still is the usual flicker. */
const STILL_LEAST = 0.005;
const ARCS_MOST = { delivery: 250, fill: 150, origin: 50 };

/**
 * What the page draws, rounded to what can be seen: four figures of rates, thousandths of shares (as whole numbers), map
 * places to a tenth. Tables and sentences are made before, of the exact values.
 */
export function pageData(result: SimulationResult) {
  const { series, summary, tiers, isps } = result;
  const { servers, links, sites: _sites, isps: ispSeries, timesSeconds, ...plain } = series;
  const rounded = Object.fromEntries(
    Object.entries(plain).map(([name, values]) => [name, Array.isArray(values) ? values.map(figures) : values]),
  );
  const place = ({ name, latitude, longitude }: ArcEnd) => ({ name, ...tenths(project({ latitude, longitude })) });
  const map = worldOutlines();
  const arcsLeft = { ...ARCS_MOST };
  return {
    endSeconds: result.ended.atSeconds,
    firstStep: worstStep(result),
    map: { width: map.width, height: map.height, outlines: map.paths.join('') },
    faults: result.faults,
    losingIsp: losing(result),
    bottlenecks: summary.bottlenecks.map(({ kind, id }) => ({ kind, id })),
    ispNames: Object.fromEntries(isps.map(({ id, name }) => [id, name])),
    sites: mapSites(result),
    arcs: result.arcs.flatMap(({ kind, from, to, bytes, peakBps }) =>
      arcsLeft[kind]-- > 0
        ? [
            {
              kind,
              from: place(from),
              to: place(to),
              way: arcPath(from, to),
              bytes: figures(bytes),
              peakBps: figures(peakBps),
            },
          ]
        : [],
    ),
    servers: result.servers.map(({ id, site, role, capacityBps }) => ({
      id,
      site,
      role,
      capacityBps: figures(capacityBps),
    })),
    links: links.ids.flatMap((id) => {
      const link = result.links.find((known) => known.id === id);
      return link
        ? [{ id, kind: link.kind, from: link.from, to: link.to, capacityBps: figures(link.capacityBps) }]
        : [];
    }),
    distributions: result.distributions,
    flow: {
      originBytes: sentBy(tiers, 'origin'),
      shieldBytes: sentBy(tiers, 'shield'),
      edgeBytes: summary.deliveredBytes,
      besideBytes: besideBytes(result),
      reaches: (['embedded', 'private', 'peering', 'transit'] as const).map((reach) => ({
        reach,
        bytes: isps.reduce((sum, isp) => sum + isp[`${reach}Bytes`], 0),
      })),
    },
    series: {
      ...rounded,
      timesSeconds,
      servers: { ids: servers.ids, utilisation: thousandths(servers.utilisation) },
      links: { ids: links.ids, utilisation: thousandths(links.utilisation) },
      isps: {
        ids: ispSeries.ids,
        bps: ispSeries.bps.map((row) => row.map(figures)),
        stalledShare: thousandths(ispSeries.stalledShare),
      },
    },
  };
}

function mapSites({ sites, series }: SimulationResult) {
  const shown = sites.toSorted((a, b) => b.peakBps - a.peakBps).slice(0, SITES_MOST);
  const rowOf = new Map(series.sites.ids.map((id, at) => [id, at]));
  // Small ones lie on top of large ones: the order is the order of drawing.
  return shown.flatMap((site) => {
    const row = rowOf.get(site.id);
    if (row === undefined) return [];
    const { id, kind, metro, network, country, capacityBps, sentBytes, peakBps, peakUtilisation, hitRatio } = site;
    return [
      {
        ...{ id, kind, metro, network, country, capacityBps, sentBytes, peakBps, peakUtilisation, hitRatio },
        ...tenths(project(site)),
        bps: series.sites.bps[row]!.map(figures),
        utilisation: thousandths([series.sites.utilisation[row]!])[0]!,
      },
    ];
  });
}

/** The page opens at the worst moment: many stood still and much was full, each against its own worst; else the busiest. */
function worstStep({ series }: SimulationResult): number {
  const { present, stalled, edgeBps } = series;
  const rows = [...series.servers.utilisation, ...series.links.utilisation];
  const full = present.map((_, at) => rows.reduce((count, row) => count + (row[at]! >= FULL_SHARE ? 1 : 0), 0));
  const still = present.map((now, at) => (now > 0 ? stalled[at]! / now : 0));
  const [mostFull, mostStill] = [Math.max(1, ...full), Math.max(STILL_LEAST, ...still)];
  const badness = present.map((_, at) => full[at]! / mostFull + still[at]! / mostStill);
  const scores = Math.max(0, ...badness) > 0.5 ? badness : edgeBps;
  return scores.reduce((best, score, at) => (score > scores[best]! ? at : best), 0);
}

function losing({ summary, isps }: SimulationResult) {
  if (summary.losingIsp === null) return null;
  const { id } = summary.losingIsp;
  return { id, name: isps.find((isp) => isp.id === id)?.name ?? id };
}

function sentBy(tiers: SimulationResult['tiers'], tier: string): number {
  return tiers.reduce((sum, known) => sum + (known.tier === tier ? known.sentBytes : 0), 0);
}

/** What edges got from others of their site. */
function besideBytes({ tiers, sites }: SimulationResult): number {
  const filled = tiers.find(({ tier }) => tier === 'edge')?.filledBytes ?? 0;
  return Math.max(0, filled - sites.reduce((sum, { filledFromAboveBytes }) => sum + filledFromAboveBytes, 0));
}

function figures<T extends number | null>(value: T): T | number {
  return value === null || value === 0 ? value : Number(value.toPrecision(4));
}

function thousandths(rows: readonly (readonly number[])[]): number[][] {
  // What is not full must not be rounded to full: 0.9496 stays below 950.
  return rows.map((row) => row.map((value) => Math.floor(value * 1000 + 1e-9)));
}

function tenths([x, y]: readonly [number, number]) {
  return { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
}
