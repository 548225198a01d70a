import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import type { Check } from './checks.ts';
import { bytes, milliseconds, rate, share, table } from './format.ts';
import { edgeTotals, totalsOf, type Observer } from './observer.ts';
import { EDGE_NAMES, type DemoPlan } from './plan.ts';

const HEADINGS = ['', 'requests', 'hits', 'collapsed', 'fills', 'egress'];

/** The table of a second: every tier, then the viewers. */
export function renderTable(
  observer: Observer,
  viewers: LoadSnapshot | null,
  running: (name: string) => boolean,
  plan: DemoPlan,
): string {
  const rows = [HEADINGS, tierRow('edges', edgeTotals(observer))];
  for (const name of EDGE_NAMES) {
    const label = `  ${name} ${plan.siteOf(name)}${running(name) ? '' : ' (down)'}`;
    rows.push(tierRow(label, totalsOf(observer.lastSeen.get(name))));
  }
  rows.push(tierRow('shield', totalsOf(observer.lastSeen.get('shield'))));
  const { origin } = observer.latest;
  rows.push([
    'origin',
    String(origin?.reads ?? '–'),
    '',
    `${origin?.held ?? 0} held`,
    '',
    bytes(origin?.sentBytes ?? 0),
  ]);
  return `${table(rows)}\n\n${describeViewers(viewers)}`;
}

export function describeViewers(viewers: LoadSnapshot | null): string {
  if (viewers === null) return 'viewers  not yet there';
  const { playing, arrived, startupMs, stalls, meanBitrateBps, latencyMs, serverSwitches, wrongBodies } = viewers;
  return [
    `viewers  ${playing} of ${arrived} playing`,
    `start-up ${milliseconds(startupMs.p50)} / ${milliseconds(startupMs.p95)}`,
    `${stalls.count} stalls`,
    meanBitrateBps === null ? '–' : rate(meanBitrateBps),
    `latency ${milliseconds(latencyMs.p50)} / ${milliseconds(latencyMs.p95)}`,
    `${serverSwitches} server switches`,
    ...(wrongBodies > 0 ? [`${wrongBodies} WRONG BODIES`] : []),
  ].join(' · ');
}

/** One line for logs and pipes. */
export function renderLine(observer: Observer, viewers: LoadSnapshot | null): string {
  const edges = edgeTotals(observer);
  const shield = totalsOf(observer.lastSeen.get('shield'));
  return [
    `${Math.round(observer.latest.atMs / 1000)} s`,
    `edges ${edges.requests} requests, ${share(edges.hits + edges.collapsed, edges.requests)} hit or collapsed, ${bytes(edges.egressBytes)}`,
    `shield ${shield.requests} requests, ${shield.fills} fills`,
    describeViewers(viewers),
  ].join(' | ');
}

export function renderSummary(
  observer: Observer,
  final: LoadSnapshot | null,
  checks: readonly Check[],
  happened: readonly string[],
): string {
  const edges = edgeTotals(observer);
  const shield = totalsOf(observer.lastSeen.get('shield'));
  const origin = observer.latest.origin;
  const lines = ['', 'Summary (measured: real processes and sockets on this machine)', ''];
  lines.push(
    table([
      HEADINGS,
      tierRow('edges', edges),
      tierRow('shield', shield),
      ['origin', String(origin?.reads ?? '–'), '', `${origin?.held ?? 0} held`, '', bytes(origin?.sentBytes ?? 0)],
    ]),
    '',
    `offload  edges ${share(edges.egressBytes - shield.egressBytes, edges.egressBytes)} of bytes not taken from the shield, ` +
      `shield ${share(shield.egressBytes - (origin?.sentBytes ?? 0), shield.egressBytes)} not taken from the origin`,
  );
  if (final !== null) {
    lines.push(
      `viewers  ${final.arrived} came, ${final.neverPlayed} never played; start-up p50 ${milliseconds(final.startupMs.p50)}, p95 ${milliseconds(final.startupMs.p95)}`,
      `         ${final.stalls.count} stalls at ${final.stalls.viewers} viewers (${(final.stalls.ratio * 100).toFixed(2)} % of the time), mean bitrate ${final.meanBitrateBps === null ? '–' : rate(final.meanBitrateBps)}`,
      `         latency p50 ${milliseconds(final.latencyMs.p50)}, p95 ${milliseconds(final.latencyMs.p95)} camera to screen; ${final.serverSwitches} server and ${final.renditionSwitches} rendition switches`,
    );
  }
  if (happened.length > 0) lines.push(`events   ${happened.join('; ')}`);
  lines.push('');
  for (const { name, holds, detail } of checks) {
    lines.push(`${holds === null ? '  –  ' : holds ? '  ok ' : 'BROKE'} ${name} (${detail})`);
  }
  return lines.join('\n');
}

function tierRow(label: string, totals: ReturnType<typeof totalsOf>): string[] {
  const { requests, hits, collapsed, fills, egressBytes } = totals;
  return [label, String(requests), String(hits), String(collapsed), String(fills), bytes(egressBytes)];
}
