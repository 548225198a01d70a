import type { ArcEnd, SimulationResult } from '../run/result.ts';
import { arcPath } from '../../topology/map/arc.js';
import { worldOutlines } from '../../topology/map/base-map.ts';
import { project } from '../../topology/map/projection.js';
import { rate } from '../../runtime/page/format.js';
import { smoothed, smoothSteps } from './smooth.ts';
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
  const steps = smoothSteps(result);
  const place = ({ name, latitude, longitude }: ArcEnd) => ({ name, ...tenths(project({ latitude, longitude })) });
  const map = worldOutlines();
  const arcsLeft = { ...ARCS_MOST };
  return {
    endSeconds: result.ended.atSeconds,
    meanSeconds: steps * series.stepSeconds,
    firstStep: worstStep(result, steps),
    map: { width: map.width, height: map.height, outlines: map.paths.join('') },
    faults: result.faults,
    losingIsp: losing(result),
    bottlenecks: summary.bottlenecks.map(({ kind, id }) => ({ kind, id })),
    ispNames: Object.fromEntries(isps.map(({ id, name }) => [id, name])),
    sites: mapSites(result, steps),
    arcs: result.arcs.flatMap(({ kind, from, to, bytes, peakBps }) => {
      if (arcsLeft[kind]-- <= 0) return [];
      const way = arcPath(from, to);
      return [{ kind, from: place(from), to: place(to), way, bytes: figures(bytes), peakBps: figures(peakBps) }];
    }),
    servers: heatRows(series.servers, result.servers, series.stepSeconds, steps, ({ site, role, capacityBps }) => [
      [role, `at ${site}`],
      ['can send', rate(capacityBps)],
    ]),
    links: heatRows(series.links, result.links, series.stepSeconds, steps, ({ kind, from, to, capacityBps }) => [
      [kind, `${from} → ${to}`],
      ['capacity', rate(capacityBps)],
    ]),
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
    series: plotted(series, steps),
  };
}

/** How many are there is a count of the moment and stays as it is; rates and ratios are drawn as means. */
const COUNTED = new Set(['present', 'playing', 'stalled', 'starting', 'bitrateBps']);

function plotted(series: SimulationResult['series'], steps: number) {
  const { servers: _servers, links: _links, sites: _sites, isps, timesSeconds, stepSeconds, ...rows } = series;
  const weights: Record<string, readonly number[]> = {
    edgeHitRatio: rows.edgeRequestsPerSecond,
    shieldHitRatio: rows.shieldRequestsPerSecond,
  };
  const drawn = (name: string, values: readonly (number | null)[]) =>
    (COUNTED.has(name) ? values : smoothed(values, steps, weights[name] ?? null)).map(figures);
  return {
    stepSeconds,
    timesSeconds,
    ...Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, drawn(name, values)])),
    isps: {
      ids: isps.ids,
      bps: isps.bps.map((row) => smoothed(row, steps).map(figures)),
      stalledShare: thousandths(isps.stalledShare),
    },
  };
}

/** Rows of a heat map, those that were full longest first. `fullSeconds` and `peak` are of single steps, not of means. */
function heatRows<Known extends { id: string }>(
  { ids, utilisation }: { ids: readonly string[]; utilisation: readonly (readonly number[])[] },
  known: readonly Known[],
  stepSeconds: number,
  steps: number,
  describe: (known: Known) => [string, string][],
) {
  const byId = new Map(known.map((one) => [one.id, one]));
  return ids
    .map((id, at) => {
      const row = utilisation[at]!;
      const about = byId.get(id);
      return {
        id,
        about: about === undefined ? [] : describe(about),
        fullSeconds: row.filter((value) => value >= FULL_SHARE).length * stepSeconds,
        peak: Math.max(0, ...row),
        mean: row.reduce((sum, value) => sum + value, 0) / Math.max(1, row.length),
        values: thousandths([smoothed(row, steps)])[0]!,
      };
    })
    .toSorted((a, b) => b.fullSeconds - a.fullSeconds || b.mean - a.mean)
    .map(({ mean: _mean, ...row }) => ({ ...row, peak: figures(row.peak) }));
}

function mapSites({ sites, series }: SimulationResult, steps: number) {
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
        bps: smoothed(series.sites.bps[row]!, steps).map(figures),
        utilisation: thousandths([smoothed(series.sites.utilisation[row]!, steps)])[0]!,
      },
    ];
  });
}

/**
 * The page opens at the worst moment: many stood still and much was full, each against its own worst. Where nothing was
 * bad, in the middle of the first fault; without one, when most was sent.
 */
function worstStep({ series, faults, ended }: SimulationResult, steps: number): number {
  const { present, stalled, edgeBps, timesSeconds } = series;
  const rows = [...series.servers.utilisation, ...series.links.utilisation].map((row) => smoothed(row, steps));
  const full = present.map((_, at) => rows.reduce((count, row) => count + (row[at]! >= FULL_SHARE ? 1 : 0), 0));
  const still = present.map((now, at) => (now > 0 ? stalled[at]! / now : 0));
  const [mostFull, mostStill] = [Math.max(1, ...full), Math.max(STILL_LEAST, ...still)];
  const badness = present.map((_, at) => full[at]! / mostFull + still[at]! / mostStill);
  if (faults[0] !== undefined && Math.max(0, ...badness) <= 0.5) {
    const middle = (faults[0].fromSeconds + (faults[0].untilSeconds ?? ended.atSeconds)) / 2;
    return Math.max(
      0,
      timesSeconds.findIndex((time) => time >= middle),
    );
  }
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
