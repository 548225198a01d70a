import type { SimulationResult, Tier } from '../run/result.ts';
import { bytes, clock, count, dollars, duration, milliseconds, percent, rate } from '../../runtime/page/format.js';
import { allLost, firstFullSeconds } from './verdict.ts';

const LABEL_WIDTH = 13;
const BOTTLENECKS = 3;
const VIOLATIONS = 3;

/** What `undercard sim run` prints at its end. */
export function terminalSummary(result: SimulationResult): string {
  const { summary, scenario, seed, ended, checks, faults } = result;
  const failures = Object.entries(summary.failures)
    .filter(([, number]) => number > 0)
    .map(([cause, number]) => `${count(number)} ${cause}`);
  const failed = checks.filter(({ ok }) => !ok);
  const cut =
    ended.reason === 'end'
      ? ''
      : ` of ${duration(scenario.durationSeconds)} (${ended.reason === 'check' ? 'a check failed' : 'interrupted'})`;
  return [
    line('scenario', `${scenario.title ?? scenario.name}, seed ${seed}, ${duration(ended.atSeconds)}${cut}, simulated`),
    line(
      'viewers',
      `${count(summary.arrived)} came, ${count(summary.peakPresent)} at one time; gave up: ${count(summary.gaveUp)}`,
    ),
    line(
      'sessions',
      `${count(summary.sessions)}, ${count(summary.reloads)} of them reloads by hand; ${count(summary.neverPlayed)} viewers never had a picture`,
    ),
    line('start-up', `p50 ${milliseconds(summary.startupP50Ms)}, p95 ${milliseconds(summary.startupP95Ms)}`),
    line(
      'stalls',
      `${percent(summary.stallRatio)} of the time, at ${percent(summary.viewersStalledShare)} of the viewers`,
    ),
    line('bitrate', `${rate(summary.meanBitrateBps)} mean, ${count(summary.renditionSwitches)} changes of rendition`),
    line(
      'latency',
      `p50 ${milliseconds(summary.latencyP50Ms)}, p95 ${milliseconds(summary.latencyP95Ms)}, camera to screen`,
    ),
    line(
      'servers',
      `${count(summary.serverSwitches)} changes of server, ${count(summary.steeringDecisions)} steering decisions`,
    ),
    line('requests', `${count(summary.segmentRequests)} for segments, failed: ${failures.join(', ') || 'none'}`),
    line('traffic', `${bytes(summary.deliveredBytes)} delivered, ${rate(summary.peakEgressBps)} at the peak`),
    ...tierLines(result.tiers),
    line(
      'offload',
      `${percent(summary.edgeOffload)} by the edges’ sites, ${percent(summary.originOffload)} with the shield`,
    ),
    line(
      'origin',
      `${count(summary.originRequests)} requests, at most ${count(summary.originPeakRequestsPerSecond)}/s and ${rate(summary.originPeakBps)}`,
    ),
    line(
      'best site',
      `${percent(summary.rank0Share)} of the bytes; health misses ${bytes(summary.healthMissBytes)}, content misses ${bytes(summary.contentMissBytes)}`,
    ),
    line(
      'cost',
      `${dollars(summary.costUsdMonth)} a month at this 95th percentile, ${dollars(summary.othersCostUsdMonth)} paid by other networks`,
    ),
    ...several(
      'faults',
      faults.map(
        ({ kind, text, fromSeconds, untilSeconds }) =>
          `${clock(fromSeconds)} to ${untilSeconds === null ? 'the end' : clock(untilSeconds)}: ${kind}, ${text}`,
      ),
    ),
    ...several('bottlenecks', bottleneckTexts(result)),
    line('losing ISP', summary.losingIsp?.text ?? (allLost(summary) ? `none alone: ${allLost(summary)}` : 'none')),
    ...(failed.length === 0
      ? [line('checks', `all ${checks.length} passed`)]
      : several(
          'checks',
          failed.flatMap(({ name, violations }) => [
            `FAILED: ${name}, seed ${seed}`,
            ...violations.slice(0, VIOLATIONS).map((text) => `  ${text}`),
          ]),
        )),
  ].join('\n');
}

function bottleneckTexts(result: SimulationResult): string[] {
  const { bottlenecks } = result.summary;
  if (bottlenecks.length === 0) return ['none: nothing came near its limit'];
  return bottlenecks.slice(0, BOTTLENECKS).map(({ kind, id, text }) => {
    const since = firstFullSeconds(result, kind, id);
    return since === null ? text : `${text}, first at ${clock(since)}`;
  });
}

/** Figures of the tiers under each other. */
function tierLines(tiers: readonly Tier[]): string[] {
  const cells = tiers.map((tier) => [
    `${count(tier.requests)} requests`,
    tier.hitRatio === null ? '' : `${percent(tier.hitRatio)} hits`,
    `${count(tier.collapsed)} joined a fill`,
    `${count(tier.fills)} fills`,
    `${bytes(tier.sentBytes)} sent`,
  ]);
  const shown = cells.map((row, at) => (tiers[at]!.tier === 'origin' ? [row[0]!, '', '', '', row[4]!] : row));
  const widths = shown[0]?.map((_, column) => Math.max(...shown.map((row) => row[column]!.length))) ?? [];
  return shown.map((row, at) =>
    line(
      tiers[at]!.tier === 'edge' ? 'edges' : tiers[at]!.tier,
      row.map((cell, column) => cell.padStart(widths[column]!)).join('  '),
    ),
  );
}

function several(label: string, texts: readonly string[]): string[] {
  return texts.map((text, at) => line(at === 0 ? label : '', text));
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`.trimEnd();
}
