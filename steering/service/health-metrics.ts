import { Counter, Gauge, Histogram, type Registry } from '../../runtime/metrics.ts';
import type { NodeTable } from '../policy/health/node-table.ts';

/** What is counted of probes, and what has become of them and of what players tell. */
export class HealthMetrics {
  readonly probes: Counter<'outcome'>;
  readonly firstByte: Histogram;

  constructor(registry: Registry, nodes: NodeTable) {
    const registers = [registry];
    this.probes = new Counter({
      name: 'undercard_steering_probes_total',
      help: 'Probes of servers that have ended, by what came of them',
      labelNames: ['outcome'],
      registers,
    });
    this.firstByte = new Histogram({
      name: 'undercard_steering_probe_first_byte_seconds',
      help: 'From asking a server to its answer’s first byte, connection included',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number) => {
      const instance: Gauge = new Gauge({
        name: `undercard_steering_${name}`,
        help,
        registers,
        collect: () => instance.set(read()),
      });
    };
    gauge('probes_disbelieved', '1 while most servers fail at once, so that no probe is believed', () =>
      nodes.probes.isDisbelieved ? 1 : 0,
    );
    gauge(
      'failing_paths',
      'Ways from a network to a site that get less than their share',
      () => nodes.players.failingPaths,
    );
  }
}
