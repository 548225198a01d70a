import http from 'node:http';
import https from 'node:https';
import type { Log } from '../../runtime/log.ts';
import { eventSchema } from '../../topology/model/event.ts';
import type { Site } from '../../topology/model/site.ts';
import type { ProbeTuning } from '../policy/health/health-config.ts';
import type { NodeTable } from '../policy/health/node-table.ts';
import { ProbeSchedule, type DueProbe } from '../policy/health/probe-schedule.ts';
import type { HealthMetrics } from './health-metrics.ts';

export interface ProberOptions {
  /** this instance's name: others go round in another order */
  id: string;
  sites: readonly Site[];
  nodes: NodeTable;
  tuning: ProbeTuning;
  /** the event whose document is fetched where no path is configured; null: none is known yet, and nobody is asked */
  eventId: () => string | null;
  metrics: HealthMetrics;
  log: Log;
  /** monotonic */
  nowMs: () => number;
}

/** What is asked for, and whether that is what came. */
interface ProbeTarget {
  path: string;
  isRight: (body: string) => boolean;
}

export type ProbeOutcome =
  'well' | 'refused' | 'unresolved' | 'timeout' | 'cut' | 'tls' | 'bad-status' | 'bad-body' | 'other';

const MOST_IN_FLIGHT = 256;
const MOST_BODY_BYTES = 256 * 1024;
/** Timers are late; more often than this they are not asked for. */
const LEAST_PAUSE_MS = 5;
const MOST_PAUSE_MS = 1000;

/**
 * Asks each server for a small object, as a player would: through its own port, name resolution, certificate and all.
 *
 * On a connection of its own each time. A kept one would be cheaper, and would find only that the process lives that once
 * accepted it; what new viewers meet is the listener, its queue, the certificate of today. It would also cost each
 * server a place for each instance of steering, and this service as many sockets as there are servers.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #schedule: ProbeSchedule;
  readonly #urls: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  readonly #inFlight = new Set<http.ClientRequest>();
  #wasDisbelieved = false;
  #closed = false;

  constructor(options: ProberOptions) {
    const { sites, tuning, id, nowMs } = options;
    this.#options = options;
    this.#urls = sites.flatMap(({ edges }) => edges.map(({ url }) => url));
    this.#schedule = new ProbeSchedule(sites, tuning, id, nowMs());
    if (tuning.enabled) this.#timer = setTimeout(() => this.#tick(), MOST_PAUSE_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const request of this.#inFlight) request.destroy();
  }

  #tick(): void {
    const { nowMs } = this.#options;
    const target = this.#target();
    if (target !== null) {
      while (this.#inFlight.size < MOST_IN_FLIGHT) {
        const due = this.#schedule.take(nowMs());
        if (due === null) break;
        this.#probe(due, target);
      }
    }
    this.#tellBelief();
    const pauseMs = target === null ? MOST_PAUSE_MS : this.#schedule.nextMs() - nowMs();
    const boundedMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, pauseMs));
    this.#timer = setTimeout(() => this.#tick(), boundedMs).unref();
  }

  #target(): ProbeTarget | null {
    const { tuning, eventId } = this.#options;
    const { path, contains } = tuning;
    if (path !== undefined) {
      return { path, isRight: (body) => (contains === undefined ? body !== '' : body.includes(contains)) };
    }
    const id = eventId();
    return id === null ? null : { path: `/live/${id}/event.json`, isRight: (body) => isDocumentOf(id, body) };
  }

  #probe(due: DueProbe, { path, isRight }: ProbeTarget): void {
    const { nowMs, tuning, metrics } = this.#options;
    const askedMs = nowMs();
    const startedMs = performance.now();
    const url = `${this.#urls[due.server]!}${path}`;
    const { request: ask } = url.startsWith('https:') ? https : http;
    let settled = false;
    const end = (outcome: ProbeOutcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      this.#inFlight.delete(request);
      request.destroy();
      if (!this.#closed) this.#ended(due, outcome, askedMs);
    };
    const timer = setTimeout(() => end('timeout'), tuning.timeoutMs);
    const request = ask(url, { agent: false, headers: { 'User-Agent': 'undercard-probe' } }, (response) => {
      metrics.firstByte.observe((performance.now() - startedMs) / 1000);
      if (response.statusCode !== 200) return end('bad-status');
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        if (size > MOST_BODY_BYTES) end('bad-body');
        else chunks.push(chunk);
      });
      response.on('end', () => end(isRight(Buffer.concat(chunks).toString('utf8')) ? 'well' : 'bad-body'));
      response.on('error', () => end('cut'));
      response.on('aborted', () => end('cut'));
    });
    request.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
    this.#inFlight.add(request);
    request.end();
  }

  #ended(due: DueProbe, outcome: ProbeOutcome, askedMs: number): void {
    const { nodes, metrics, nowMs } = this.#options;
    const { server, inTurn } = due;
    const endedMs = nowMs();
    metrics.probes.inc({ outcome });
    nodes.probed(server, outcome === 'well', inTurn, askedMs, endedMs);
    if (nodes.probes.isInDoubt(server)) this.#schedule.doubt(server, endedMs);
    if (inTurn && outcome !== 'well') this.#schedule.doubtSiblings(server, endedMs);
  }

  #tellBelief(): void {
    const { isDisbelieved } = this.#options.nodes.probes;
    if (isDisbelieved === this.#wasDisbelieved) return;
    this.#wasDisbelieved = isDisbelieved;
    if (isDisbelieved) this.#options.log.warn('most servers fail probes at once: they are not believed');
    else this.#options.log.info('probes are believed again');
  }
}

function isDocumentOf(id: string, body: string): boolean {
  try {
    return eventSchema.parse(JSON.parse(body)).id === id;
  } catch {
    return false;
  }
}

function outcomeOf({ code = '' }: NodeJS.ErrnoException): ProbeOutcome {
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT')
    return 'refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unresolved';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) return 'cut';
  if (code.startsWith('ERR_TLS') || code.includes('CERT')) return 'tls';
  return 'other';
}
