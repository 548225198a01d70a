import { Counter, Gauge, type Registry } from '../../../runtime/metrics.ts';
import type { CdnState } from './cdn-watch.ts';

/** What goes to each CDN, by estimate, and what came of fetches and probes. Labels come from the file alone. */
export class CdnMetrics {
  readonly manifestFetches: Counter<'outcome'>;
  readonly probes: Counter<'cdn' | 'outcome'>;

  constructor(registry: Registry, states: () => readonly CdnState[]) {
    const registers = [registry];
    this.manifestFetches = new Counter({
      name: 'undercard_steering_manifest_fetches_total',
      help: 'Fetches of manifests to be handed on, by what came of them',
      labelNames: ['outcome'],
      registers,
    });
    this.probes = new Counter({
      name: 'undercard_steering_cdn_probes_total',
      help: 'Probes of CDNs, by what came of them: well or failed',
      labelNames: ['cdn', 'outcome'],
      registers,
    });
    const gauge = (name: string, help: string, value: (state: CdnState) => number | null) => {
      const made: Gauge<'cdn'> = new Gauge({
        name: `undercard_steering_cdn_${name}`,
        help,
        labelNames: ['cdn'],
        registers,
        collect: () => {
          for (const state of states()) {
            const measured = value(state);
            if (measured !== null) made.set({ cdn: state.id }, measured);
          }
        },
      });
    };
    gauge('estimated_bps', 'Sent there now, estimated from sessions and their bitrates', ({ bps }) => bps);
    gauge('month_bytes', 'Sent there this month (UTC), estimated', ({ monthBytes }) => monthBytes);
    gauge(
      'percentile95_bps',
      '95th percentile of this month’s five minutes, estimated',
      (state) => state.percentile95Bps,
    );
    gauge('commitment_bps', 'What its commitment asks for now, to be used up in time', (state) => state.commitmentBps);
    gauge('next_gb_price', 'What the next GB costs there, without a region', (state) => state.pricePerGB);
  }
}
