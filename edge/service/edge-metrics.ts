import { Counter, Gauge, type Registry } from '../../runtime/metrics.ts';
import type { EdgeNode } from './edge-node.ts';

type Reading = () => number | Iterable<readonly [string, number]>;

/**
 * Everything is counted as plain numbers where it happens and read when somebody asks: a metrics library on the hot path
 * would cost as much as the hit itself.
 */
export function registerEdgeMetrics(registry: Registry, node: EdgeNode): void {
  const { machine, egress } = node;
  const { stats } = machine;
  const counter = (name: string, help: string, read: Reading, label?: string) =>
    metric(Counter, registry, `undercard_edge_${name}_total`, help, read, label);
  const gauge = (name: string, help: string, read: Reading) =>
    metric(Gauge, registry, `undercard_edge_${name}`, help, read);

  counter('requests', 'GET and HEAD requests that reached the cache', () => stats.requests);
  counter('hits', 'answered from storage, fresh', () => stats.hits);
  counter('stale_hits', 'answered from storage, stale (RFC 5861)', () => stats.staleHits);
  counter('collapsed', 'joined a fill in progress', () => stats.collapsed);
  counter('misses', 'caused a fill', () => stats.misses);
  counter('passes', 'answered by an upstream request of their own', () => stats.passes);
  counter('refused', 'answered by this node itself, by reason', () => node.refusals.byReason, 'reason');
  counter('fills', 'upstream attempts', () => stats.fills);
  counter('fills_failed', 'upstream attempts that failed, by cause', () => machine.failures, 'cause');
  counter('leaders_replaced', 'failed attempts taken over by another', () => stats.leadersReplaced);
  counter('resumed', 'attempts that continued a broken body', () => stats.resumed);
  counter('stored', 'objects stored', () => stats.stored);
  counter('evicted', 'objects dropped', () => stats.evicted);
  counter('egress_bytes', 'body bytes sent, by receiver', () => Object.entries(egress.bytes), 'receiver');
  counter('answers', 'answers ended, by receiver', () => Object.entries(egress.answers), 'receiver');
  counter('answers_cut', 'answers that ended early, by receiver', () => Object.entries(egress.cut), 'receiver');
  counter('upstream_bytes', 'body bytes received from above', () => node.upstreamBytes);
  gauge('waiting', 'requests waiting for a first byte', () => machine.waiting);
  gauge('fills_in_flight', 'upstream requests in flight', () => machine.fillsInFlight);
  gauge('stored_objects', 'objects stored', () => machine.storedCount);
  gauge('stored_bytes', 'bytes stored', () => machine.storedBytes);
}

function metric(
  Kind: typeof Counter | typeof Gauge,
  registry: Registry,
  name: string,
  help: string,
  read: Reading,
  label?: string,
): void {
  const labelNames = label === undefined ? [] : [label];
  const instance: Counter | Gauge = new Kind({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      instance.reset();
      const reading = read();
      if (typeof reading === 'number') instance.inc(reading);
      else for (const [value, count] of reading) instance.inc({ [label!]: value }, count);
    },
  });
}
