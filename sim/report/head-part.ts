import type { SimulationResult } from '../run/result.ts';
import { html, type Html } from '../../runtime/page/html.ts';
import { bytes, count, dollars, duration, milliseconds, percent, rate, shortCount } from '../../runtime/page/format.js';
import { smoothed, smoothSteps } from './smooth.ts';
import { verdict } from './verdict.ts';

/** What it is, what came out, and the key figures. */
export function headPart(result: SimulationResult): Html {
  const { scenario, world, seed, checks, ended, version } = result;
  const failed = checks.filter(({ ok }) => !ok).length;
  const checked =
    failed === 0
      ? html`<span class="tag good" id="checks-tag">${checks.length} checks passed</span>`
      : html`<span class="tag bad" id="checks-tag">${failed} of ${checks.length} checks failed</span>`;
  const places =
    `${count(world.sites)} sites (${count(world.embeddedSites)} embedded), ${count(world.servers)} servers, ` +
    `${count(world.networks)} networks, ${count(world.links)} links, edges can send ${rate(world.edgeCapacityBps)}`;
  return html`<header>
    <p class="brand"><b>Undercard</b> report <span class="tag">simulated</span>${checked}</p>
    <h1>${scenario.title ?? scenario.name}</h1>
    ${scenario.description === undefined ? null : html`<p class="lead">${scenario.description}</p>`}
    <p class="facts-line">
      ${scenario.name} · seed ${seed} · ${count(scenario.audience.viewers)} viewers · ${duration(ended.atSeconds)}
      ${ended.reason === 'end' ? '' : `of ${duration(scenario.durationSeconds)} `}·
      ${world.name}${world.synthetic ? ' (synthetic)' : ''}: ${places} · version ${version}
    </p>
    <nav aria-label="Parts">
      <a href="#map-part">Map</a><a href="#time-part">Over time</a><a href="#heat-part">Utilisation</a
      ><a href="#tables-part">Tables</a><a href="#distributions-part">Distributions</a><a href="#flow-part">Bytes</a
      ><a href="#closing-part">Faults, assumptions, run again</a>
    </nav>
    <dl class="verdict" id="verdict">
      ${verdict(result).map(
        ({ label, tone, text, detail }) =>
          html`<div class="${tone}">
            <dt>${label}</dt>
            <dd>${text}${detail === null ? null : html`<small>${detail}</small>`}</dd>
          </div>`,
      )}
    </dl>
    <dl class="tiles" id="tiles">${tiles(result)}</dl>
  </header>`;
}

function tiles(result: SimulationResult): Html[] {
  const { summary, series } = result;
  const steps = smoothSteps(result);
  const shares = series.present.map((present, at) => (present > 0 ? series.stalled[at]! / present : 0));
  const failures = Object.values(summary.failures).reduce((sum, value) => sum + value, 0);
  const worstFailure = Object.entries(summary.failures).toSorted((a, b) => b[1] - a[1])[0];
  return [
    tile(
      'Viewers at the peak',
      count(summary.peakPresent),
      `${count(summary.arrived)} came, ${count(summary.gaveUp)} gave up`,
      series.present,
    ),
    tile('Start-up p50', milliseconds(summary.startupP50Ms), `p95 ${milliseconds(summary.startupP95Ms)}`, null),
    tile(
      'Time stood still',
      percent(summary.stallRatio),
      `${percent(summary.viewersStalledShare)} of viewers met a stall`,
      shares,
    ),
    tile(
      'Reloads by hand',
      count(summary.reloads),
      `${shortCount(summary.sessions)} sessions, ${shortCount(summary.neverPlayed)} viewers without a picture`,
      smoothed(series.reloads, steps),
    ),
    tile(
      'Bitrate',
      rate(summary.meanBitrateBps),
      `${shortCount(summary.renditionSwitches)} changes of rendition`,
      series.bitrateBps,
    ),
    tile('Latency p50', milliseconds(summary.latencyP50Ms), `p95 ${milliseconds(summary.latencyP95Ms)}`, null),
    tile(
      'Peak of the edges',
      rate(summary.peakEgressBps),
      `${bytes(summary.deliveredBytes)} delivered`,
      smoothed(series.edgeBps, steps),
    ),
    tile(
      'Edge offload',
      percent(summary.edgeOffload),
      `of the origin ${percent(summary.originOffload)}`,
      smoothed(series.edgeHitRatio, steps, series.edgeRequestsPerSecond),
    ),
    tile(
      'Peak at the origin',
      `${count(summary.originPeakRequestsPerSecond)}/s`,
      `${rate(summary.originPeakBps)}, ${shortCount(summary.originRequests)} requests`,
      smoothed(series.originRequestsPerSecond, steps),
    ),
    tile(
      'From the best site',
      percent(summary.rank0Share),
      `H ${bytes(summary.healthMissBytes)}, C ${bytes(summary.contentMissBytes)}`,
      smoothed(series.healthMissBps, steps),
    ),
    tile(
      'Failed requests',
      shortCount(failures),
      worstFailure && worstFailure[1] > 0 ? `most: ${worstFailure[0]}` : 'none',
      smoothed(series.failuresPerSecond, steps),
    ),
    tile(
      'Cost of a month',
      dollars(summary.costUsdMonth),
      `${shortCount(summary.serverSwitches)} changes of server`,
      null,
    ),
  ];
}

function tile(name: string, value: string, more: string, line: readonly (number | null)[] | null): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}<small>${more}</small></dd>
    ${line === null ? null : sparkline(line)}
  </div>`;
}

const SPARK = { width: 120, height: 20, points: 120 };

/** From 0 or its least to its greatest value; the plots below have the axes. */
function sparkline(values: readonly (number | null)[]): Html | null {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = high - low || 1;
  const every = Math.max(1, Math.ceil(values.length / SPARK.points));
  let path = '';
  let pen = 'M';
  for (let at = 0; at < values.length; at += every) {
    const value = values[at]!;
    if (value === null) pen = 'M';
    else {
      path += `${pen}${Math.round((at / (values.length - 1)) * SPARK.width)} ${(SPARK.height - ((value - low) / room) * (SPARK.height - 2) - 1).toFixed(1)}`;
      pen = 'L';
    }
  }
  return html`<svg viewBox="0 0 ${SPARK.width} ${SPARK.height}" preserveAspectRatio="none" aria-hidden="true">
    <path class="spark" d="${path}" />
  </svg>`;
}
