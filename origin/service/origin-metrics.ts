import { Counter, createRegistry, Gauge, Histogram, type Registry } from '../../runtime/metrics.ts';
import type { LiveOrigin } from '../policy/live-origin.ts';

/** What the origin counts; the README lists the names. */
export class OriginMetrics {
  readonly registry: Registry;
  readonly reads: Counter<'kind' | 'outcome'>;
  readonly heldSeconds: Histogram;
  readonly sentBytes: Counter;
  readonly ingested: Counter<'pipeline' | 'verdict'>;
  readonly receivedBytes: Counter<'pipeline'>;
  readonly dropped: Counter<'cause'>;

  constructor(id: string, machine: LiveOrigin) {
    this.registry = createRegistry('origin', id);
    const registers = [this.registry];
    this.reads = new Counter({
      name: 'undercard_origin_reads_total',
      help: 'reads by what was asked for (segment, init, playlist, event, other) and how it was answered',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.heldSeconds = new Histogram({
      name: 'undercard_origin_held_seconds',
      help: 'how long held reads waited for their answer',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4, 8],
      registers,
    });
    this.sentBytes = new Counter({
      name: 'undercard_origin_sent_bytes_total',
      help: 'bytes of bodies sent to readers',
      registers,
    });
    this.ingested = new Counter({
      name: 'undercard_origin_ingest_total',
      help: 'PUTs by pipeline and verdict (published, spare, created, …, or the reason of the refusal)',
      labelNames: ['pipeline', 'verdict'],
      registers,
    });
    this.receivedBytes = new Counter({
      name: 'undercard_origin_received_bytes_total',
      help: 'bytes of bodies received whole, by pipeline',
      labelNames: ['pipeline'],
      registers,
    });
    this.dropped = new Counter({
      name: 'undercard_origin_dropped_total',
      help: 'published bodies dropped, by cause: expired (left the DVR window) or evicted (for want of memory)',
      labelNames: ['cause'],
      registers,
    });
    this.#gauge('undercard_origin_waiting', 'reads held at this moment', () => machine.waiting);
    this.#gauge('undercard_origin_answering', 'reads being answered at this moment', () => machine.answering);
    this.#gauge('undercard_origin_stored_bytes', 'bytes of published bodies in memory', () => machine.storedBytes);
    this.#gauge('undercard_origin_stored_bodies', 'published bodies in memory', () => machine.storedBodies);
    this.#gauge('undercard_origin_events', 'events known', () => machine.eventCount);
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect: () => gauge.set(read()) });
  }
}
