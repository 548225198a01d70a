import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import type { Check } from './checks.ts';
import { bytes, milliseconds, rate, share, table } from './format.ts';
import type { Observer, TierTotals } from './observer.ts';
import { renderComparison } from './comparison.ts';
import type { DemoPlan } from './plan.ts';
import type { Prediction } from './prediction.ts';

/** Cuts a screenful to the terminal's size: a line that wraps would push the first ones out of sight. */
export function fitInto(text: string, columns: number, rows: number): string {
  return text
    .split('\n')
    .slice(0, rows - 1)
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line))
    .join('\n');
}

const HEADINGS = ['', 'requests', 'hits', 'collapsed', 'fills', 'egress'];

/** The table of a second: every tier, then the viewers. */
export function renderTable(
  observer: Observer,
  viewers: LoadSnapshot | null,
  running: (name: string) => boolean,
  plan: DemoPlan,
): string {
  const rows = [HEADINGS, tierRow('edges', observer.edges)];
  for (const name of plan.edgeNames) {
    const label = `  ${name} ${plan.siteOf(name)}${running(name) ? '' : ' (down)'}`;
    rows.push(tierRow(label, observer.totals(name)));
  }
  rows.push(tierRow('shield', observer.shields), originRow(observer));
  return `${table(rows)}\n\n${describeViewers(viewers).join('\n         ')}`;
}

/** In two parts, each of which fits a line of a terminal. */
function describeViewers(viewers: LoadSnapshot | null): string[] {
  if (viewers === null) return ['viewers  not yet there'];
  const { playing, arrived, startupMs, stalls, meanBitrateBps, latencyMs, serverSwitches, wrongBodies } = viewers;
  const state = [
    `viewers  ${playing} of ${arrived} playing`,
    `start-up ${milliseconds(startupMs.p50)} / ${milliseconds(startupMs.p95)}`,
    `${stalls.count} stalls`,
  ];
  const quality = [
    meanBitrateBps === null ? '–' : rate(meanBitrateBps),
    `latency ${milliseconds(latencyMs.p50)} / ${milliseconds(latencyMs.p95)}`,
    `${serverSwitches} server switches`,
    ...(wrongBodies > 0 ? [`${wrongBodies} WRONG BODIES`] : []),
  ];
  return [state.join(' · '), quality.join(' · ')];
}

/** One line for logs and pipes. */
export function renderLine(observer: Observer, viewers: LoadSnapshot | null, atMs: number): string {
  const { edges, shields: shield } = observer;
  return [
    `${Math.round(atMs / 1000)} s`,
    `edges ${edges.requests} requests, ${share(edges.hits + edges.collapsed, edges.requests)} hit or collapsed, ${bytes(edges.egressBytes)}`,
    `shield ${shield.requests} requests, ${shield.fills} fills`,
    describeViewers(viewers).join(' · '),
  ].join(' | ');
}

export function renderSummary(
  observer: Observer,
  final: LoadSnapshot | null,
  checks: readonly Check[],
  happened: readonly string[],
  predicted: Prediction | null,
): string {
  const { edges, origin, shields: shield } = observer;
  const lines = ['', 'Summary (measured: real processes and sockets on this machine)', ''];
  lines.push(
    table([HEADINGS, tierRow('edges', edges), tierRow('shield', shield), originRow(observer)]),
    '',
    `offload  edges: ${offload(edges.viewerBytes, shield.egressBytes)} of the bytes to viewers not taken from the shield`,
    `         shield: ${offload(shield.egressBytes, origin?.sentBytes ?? 0)} of the bytes to edges not taken from the origin`,
  );
  if (final !== null) {
    lines.push(
      `viewers  ${final.arrived} came, ${final.neverPlayed} never played`,
      `         start-up p50 ${milliseconds(final.startupMs.p50)}, p95 ${milliseconds(final.startupMs.p95)}`,
      `         ${final.stalls.count} stalls at ${final.stalls.viewers} viewers (${(final.stalls.ratio * 100).toFixed(2)} % of the time), mean bitrate ${final.meanBitrateBps === null ? '–' : rate(final.meanBitrateBps)}`,
      `         latency p50 ${milliseconds(final.latencyMs.p50)}, p95 ${milliseconds(final.latencyMs.p95)} camera to screen`,
      `         ${final.serverSwitches} server and ${final.renditionSwitches} rendition switches`,
    );
  }
  if (predicted !== null && final !== null) lines.push('', ...renderComparison(predicted, observer, final), '');
  if (happened.length > 0) lines.push(`events   ${happened.join('\n         ')}`);
  lines.push('');
  for (const { name, holds, detail } of checks) {
    lines.push(`${holds === null ? '  –  ' : holds ? '  ok ' : 'BROKE'} ${name}`, `        ${detail}`);
  }
  return lines.join('\n');
}

/** A share that is below zero says that more was fetched than was sent on. */
function offload(sentBytes: number, fetchedBytes: number): string {
  return share(sentBytes - fetchedBytes, sentBytes);
}

function originRow({ origin }: Observer): string[] {
  return ['origin', String(origin?.reads ?? '–'), '', `${origin?.held ?? 0} held`, '', bytes(origin?.sentBytes ?? 0)];
}

function tierRow(label: string, { requests, hits, collapsed, fills, egressBytes }: TierTotals): string[] {
  return [label, String(requests), String(hits), String(collapsed), String(fills), bytes(egressBytes)];
}
