import type { Bottleneck, Isp, SimulationResult, Summary } from '../run/result.ts';
import { smoothed, smoothSteps } from './smooth.ts';
import { bytes, clock, count, dollars, duration, milliseconds, percent, rate } from '../../runtime/page/format.js';

/** From here on something counts as full, as in `fullSeconds`. */
export const FULL_SHARE = 0.95;
/** Stalls are worth telling from this share of those present on. */
const STALLS_SHARE = 0.01;
const STALLS_VIEWERS = 3;

export interface VerdictLine {
  /** one or two words: what it is about */
  label: string;
  tone: 'bad' | 'warn' | 'good' | 'plain';
  text: string;
  /** the figures behind the sentence */
  detail: string | null;
}

/** One moment of the run at which something began to go wrong. */
interface Moment {
  atSeconds: number;
  text: string;
}

/** What to tell somebody who has not seen the scenario: what broke first, the bottleneck, who lost, the cost, what held. */
export function verdict(result: SimulationResult): VerdictLine[] {
  return [
    ...checksFailed(result),
    ...cutShort(result),
    whatBroke(result),
    bottleneck(result),
    whoLost(result),
    cost(result),
    caches(result),
  ];
}

/**
 * When the thing was full first, if only for a step.
 * @returns null when it never was, or is not among the rows kept
 */
export function firstFullSeconds(result: SimulationResult, kind: Bottleneck['kind'], id: string): number | null {
  const row = rowOf(result, kind, id);
  return row === null ? null : (firstFull(result, smoothed(row, smoothSteps(result))) ?? firstFull(result, row));
}

/** The same for longer than a burst: the mean of the plots was full. */
function firstLastingSeconds(result: SimulationResult, { kind, id }: Bottleneck): number | null {
  const row = rowOf(result, kind, id);
  return row === null ? null : firstFull(result, smoothed(row, smoothSteps(result)));
}

function rowOf({ series }: SimulationResult, kind: Bottleneck['kind'], id: string): readonly number[] | null {
  const { ids, utilisation } = kind === 'link' ? series.links : series.servers;
  return utilisation[ids.indexOf(id)] ?? null;
}

function firstFull({ series }: SimulationResult, row: readonly number[]): number | null {
  const step = row.findIndex((value) => value >= FULL_SHARE);
  return step < 0 ? null : Math.max(0, series.timesSeconds[step]! - series.stepSeconds);
}

/** What went wrong for viewers of no one ISP; null when hardly anything did. */
export function allLost({ stallRatio, neverPlayed, arrived, viewersStalledShare }: Summary): string | null {
  const blind = arrived > 0 && neverPlayed >= STALLS_VIEWERS && neverPlayed / arrived >= STALLS_SHARE;
  const lost = [
    blind && `${count(neverPlayed)} of ${count(arrived)} viewers never had a picture`,
    stallRatio >= STALLS_SHARE &&
      `${percent(viewersStalledShare)} of the viewers met a stall, ${percent(stallRatio)} of the time stood still`,
  ].filter((part) => typeof part === 'string');
  return lost.length === 0 ? null : lost.join('; ');
}

function checksFailed({ checks, seed }: SimulationResult): VerdictLine[] {
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) return [];
  return [
    {
      label: 'Do not trust',
      tone: 'bad',
      text: `A check of the simulator itself failed (${failed.map(({ name }) => name).join(', ')}): the figures below may be wrong.`,
      detail: `seed ${seed}: ${failed
        .flatMap(({ violations }) => violations)
        .slice(0, 3)
        .join('; ')}`,
    },
  ];
}

function cutShort({ ended, scenario }: SimulationResult): VerdictLine[] {
  if (ended.reason !== 'interrupted') return [];
  const text = `It was stopped at ${clock(ended.atSeconds)} of ${clock(scenario.durationSeconds)}: all figures are of that part.`;
  return [{ label: 'Cut short', tone: 'warn', text, detail: null }];
}

function whatBroke(result: SimulationResult): VerdictLine {
  const { series, faults, summary } = result;
  const shares = series.present.map((present, at) => (present > 0 ? series.stalled[at]! / present : 0));
  const counts = (at: number) => shares[at]! >= STALLS_SHARE && series.stalled[at]! >= STALLS_VIEWERS;
  const onset = shares.findIndex((_, at) => counts(at));
  const moments: Moment[] = [
    ...faults.map(({ kind, fromSeconds, text }) => ({
      atSeconds: fromSeconds,
      text: `the fault ${kind} set in (${text})`,
    })),
    ...summary.bottlenecks.slice(0, 5).flatMap((bottleneck) => {
      const atSeconds = firstLastingSeconds(result, bottleneck);
      return atSeconds === null ? [] : [{ atSeconds, text: `the ${bottleneck.kind} ${bottleneck.id} was full` }];
    }),
  ].toSorted((a, b) => a.atSeconds - b.atSeconds);
  if (onset >= 0) {
    const atSeconds = series.timesSeconds[onset]! - series.stepSeconds;
    // A fault and the stalls it makes may share a step: the cause is told first.
    const place = moments.findIndex((moment) => moment.atSeconds > atSeconds);
    moments.splice(place < 0 ? moments.length : place, 0, {
      atSeconds,
      text: `more than ${percent(STALLS_SHARE)} of the viewers stood still`,
    });
  }
  if (moments.length === 0) {
    const lost = allLost(summary);
    if (lost !== null) {
      const text = `No fault and no full link, and yet ${lost}.`;
      return { label: 'What broke', tone: 'bad', text, detail: failuresOf(summary) };
    }
    const text = 'No fault, nothing full for long, and never more than 1 % of the viewers stood still.';
    return { label: 'What broke', tone: 'good', text: `Nothing broke. ${text}`, detail: null };
  }
  const told = moments
    .slice(0, 3)
    .map(({ atSeconds, text }, at) => `${at === 0 ? 'At' : 'at'} ${clock(atSeconds)} ${text}`);
  const worst = shares.reduce((best, share, at) => (share > shares[best]! ? at : best), 0);
  const mostStill = Math.max(0, ...shares);
  const detail =
    onset < 0
      ? `${mostStill === 0 ? 'nobody' : `never more than ${percent(mostStill)} of the viewers`} stood still at the end of any step`
      : `worst at ${clock(series.timesSeconds[worst]!)}: ${percent(shares[worst]!)} of the viewers stood still at one time ` +
        `(${count(series.stalled[worst]!)}); ${percent(summary.viewersStalledShare)} of all met a stall`;
  return { label: 'First broke', tone: onset < 0 ? 'warn' : 'bad', text: `${told.join('; ')}.`, detail };
}

/** What requests failed of, the most frequent first. */
function failuresOf({ failures }: Summary): string | null {
  const causes = Object.entries(failures).filter(([, number]) => number > 0);
  if (causes.length === 0) return null;
  return `failed requests: ${causes
    .toSorted(([, a], [, b]) => b - a)
    .map(([cause, number]) => `${count(number)} ${cause}`)
    .join(', ')}`;
}

function bottleneck(result: SimulationResult): VerdictLine {
  const [worst, ...others] = result.summary.bottlenecks;
  if (worst === undefined) {
    const [link] = result.links.toSorted((a, b) => b.peakUtilisation - a.peakUtilisation);
    const fullest =
      link === undefined ? '' : ` The fullest link, ${link.id}, reached ${percent(link.peakUtilisation)}.`;
    return {
      label: 'Bottleneck',
      tone: 'good',
      text: `There was none: nothing came near its limit.${fullest}`,
      detail: null,
    };
  }
  const link = worst.kind === 'link' ? result.links.find(({ id }) => id === worst.id) : undefined;
  const server = worst.kind === 'server' ? result.servers.find(({ id }) => id === worst.id) : undefined;
  const since = firstFullSeconds(result, worst.kind, worst.id);
  const capacityBps = link?.capacityBps ?? server?.capacityBps;
  const detail = [
    `${percent(worst.peakUtilisation)}${capacityBps === undefined ? '' : ` of ${rate(capacityBps)}`} at its peak`,
    since !== null && `first full at ${clock(since)}`,
    others.length > 0 &&
      `next: ${others
        .slice(0, 2)
        .map(
          ({ id, peakUtilisation, fullSeconds }) =>
            `${id} (${fullSeconds > 0 ? `full for ${duration(fullSeconds)}` : percent(peakUtilisation)})`,
        )
        .join(', ')}`,
  ].filter((part) => typeof part === 'string');
  const tone = firstLastingSeconds(result, worst) === null ? 'warn' : 'bad';
  return { label: 'Bottleneck', tone, text: sentence(worst.text), detail: detail.join(' · ') };
}

function whoLost({ summary, isps }: SimulationResult): VerdictLine {
  const { losingIsp } = summary;
  const everybody = allLost(summary);
  if (losingIsp === null && everybody !== null)
    return { label: 'Who lost', tone: 'bad', text: `No ISP stands out: ${everybody}.`, detail: null };
  if (losingIsp === null)
    return { label: 'Who lost', tone: 'good', text: 'No ISP’s viewers lost anything.', detail: null };
  const isp = isps.find(({ id }) => id === losingIsp.id);
  return {
    label: 'Who lost',
    tone: 'bad',
    text: sentence(losingIsp.text),
    detail:
      isp === undefined
        ? null
        : [
            isp.id,
            `${count(isp.viewers)} viewers`,
            `start-up p95 ${milliseconds(isp.startupP95Ms)} (all: ${milliseconds(summary.startupP95Ms)})`,
            `latency p50 ${milliseconds(isp.latencyP50Ms)} (all: ${milliseconds(summary.latencyP50Ms)})`,
            `${percent(isp.bytes > 0 ? isp.healthMissBytes / isp.bytes : null)} health misses`,
          ].join(' · '),
  };
}

function cost({ summary, isps, links }: SimulationResult): VerdictLine {
  const dearest = isps.reduce<Isp | null>(
    (best, isp) => (best === null || isp.costUsdMonth > best.costUsdMonth ? isp : best),
    null,
  );
  const sums = isps.reduce((sum, isp) => ({ all: sum.all + isp.bytes, transit: sum.transit + isp.transitBytes }), {
    all: 0,
    transit: 0,
  });
  const transitCost = links.reduce(
    (sum, { kind, costUsdMonth, paidBy }) => sum + (kind === 'transit' && paidBy === 'us' ? costUsdMonth : 0),
    0,
  );
  const dear =
    dearest !== null && dearest.costUsdMonth > 0
      ? `; the largest part, ${dollars(dearest.costUsdMonth)}, brings the bytes of ${dearest.name}`
      : '';
  return {
    label: 'What it cost',
    tone: 'plain',
    text: `The links would cost ${dollars(summary.costUsdMonth)} for a month like this${dear}.`,
    detail:
      `${bytes(summary.deliveredBytes)} delivered, ${rate(summary.peakEgressBps)} at the peak` +
      (sums.all > 0 && summary.costUsdMonth > 0
        ? ` · transit carried ${percent(sums.transit / sums.all)} of the bytes and makes ${percent(transitCost / summary.costUsdMonth)} of the cost`
        : ''),
  };
}

function caches({ summary, tiers }: SimulationResult): VerdictLine {
  const edge = tiers.find(({ tier }) => tier === 'edge');
  return {
    label: 'Caches',
    tone: 'plain',
    text:
      `Edge and shield kept ${percent(summary.originOffload)} of the bytes off the origin, which answered at most ` +
      `${count(summary.originPeakRequestsPerSecond)} requests/s (${rate(summary.originPeakBps)}).`,
    detail:
      edge === undefined
        ? null
        : `edges: ${percent(edge.hitRatio)} hits, ${count(edge.collapsed)} requests joined a fill, ${count(edge.fills)} fills`,
  };
}

/** With a capital at its beginning and a full stop at its end. */
function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
