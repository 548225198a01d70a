import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import { bytes, milliseconds, rate, share, table } from './format.ts';
import type { Observer, TierTotals } from './observer.ts';
import type { Prediction, Tiers } from './prediction.ts';

/** The closing table: what the simulator makes of the same topology, viewers and outages, beside what was measured. */
export function renderComparison(predicted: Prediction, observer: Observer, final: LoadSnapshot): string[] {
  const { edges, shields, origin } = observer;
  const measured = { edges, shield: shields, origin };
  const left = predicted.left.length === 0 ? '' : `, but not that ${predicted.left.join(', ')}`;
  const rows = [
    ['', 'predicted', 'measured'],
    ...viewerRows(predicted.viewers, final),
    ...tierRows(predicted.tiers, measured),
  ];
  return [`Predicted (simulated from the same topology, viewers and outages${left}) beside measured`, '', table(rows)];
}

function viewerRows(predicted: LoadSnapshot, measured: LoadSnapshot): string[][] {
  const row = (name: string, of: (snapshot: LoadSnapshot) => string) => [name, of(predicted), of(measured)];
  return [
    row('start-up p50', ({ startupMs }) => milliseconds(startupMs.p50)),
    row('start-up p95', ({ startupMs }) => milliseconds(startupMs.p95)),
    row('mean bitrate', ({ meanBitrateBps }) => (meanBitrateBps === null ? '–' : rate(meanBitrateBps))),
    row('stalled', ({ stalls }) => `${(stalls.ratio * 100).toFixed(2)} %`),
    row('latency p50', ({ latencyMs }) => milliseconds(latencyMs.p50)),
    row('latency p95', ({ latencyMs }) => milliseconds(latencyMs.p95)),
    row('server switches', ({ serverSwitches }) => String(serverSwitches)),
  ];
}

type SomeTiers = Pick<Tiers, 'edges' | 'shield'> & { origin: Tiers['origin'] | null };

function tierRows(predicted: SomeTiers, measured: SomeTiers): string[][] {
  const row = (name: string, of: (tiers: SomeTiers) => string) => [name, of(predicted), of(measured)];
  const tier = (name: 'edges' | 'shield', counter: keyof TierTotals) =>
    row(`${name}: ${String(counter)}`, (tiers) => String(tiers[name][counter]));
  const offload = (sent: number, fetched: number) => share(sent - fetched, sent);
  return [
    ...(['edges', 'shield'] as const).flatMap((name) => [
      ...(['requests', 'hits', 'collapsed', 'fills'] as const).map((counter) => tier(name, counter)),
      row(`${name}: sent`, (tiers) => bytes(tiers[name].egressBytes)),
    ]),
    row('origin: requests', ({ origin }) => String(origin?.reads ?? '–')),
    row('origin: sent', ({ origin }) => bytes(origin?.sentBytes ?? 0)),
    row('offload of the edges', ({ edges, shield }) => offload(edges.viewerBytes, shield.egressBytes)),
    row('offload of the shield', ({ shield, origin }) => offload(shield.egressBytes, origin?.sentBytes ?? 0)),
  ];
}
