import got from 'got';
import type { DemoPlan } from './plan.ts';
import { parseMetrics, sumOf } from './metrics-text.ts';
import { Tally } from './tally.ts';

/** The counters of an edge or of the shield, as its admin listener's /state gives them. */
export interface NodeState {
  id: string;
  requests: number;
  hits: number;
  staleHits: number;
  collapsed: number;
  misses: number;
  passes: number;
  refused: number;
  fills: number;
  fillsFailed: number;
  leadersReplaced: number;
  resumed: number;
  waiting: number;
  storedBytes: number;
  upstreamBytes: number;
  egressBytes: { tier: number; rehearsal: number; viewer: number };
  answersCut: { tier: number; rehearsal: number; viewer: number };
}

export interface TierTotals extends Record<string, number> {
  requests: number;
  hits: number;
  collapsed: number;
  fills: number;
  egressBytes: number;
  /** without what went to other nodes of ours */
  viewerBytes: number;
}

export interface OriginTotals extends Record<string, number> {
  reads: number;
  segmentReads: number;
  held: number;
  sentBytes: number;
  ingestPublished: number;
  ingestRefused: number;
}

const TIMEOUT_MS = 900;
const ACCEPTED = new Set(['published', 'spare', 'created', 'updated', 'unchanged']);
export const NOTHING: TierTotals = { requests: 0, hits: 0, collapsed: 0, fills: 0, egressBytes: 0, viewerBytes: 0 };

/** Looks at the admin listeners of edges, shield and origin. */
export class Observer {
  readonly #plan: DemoPlan;
  /** the last that was seen of each, also of those that are gone */
  readonly lastSeen = new Map<string, NodeState>();
  readonly #nodes = new Map<string, Tally<TierTotals>>();
  readonly #origin = new Tally<OriginTotals>();
  #looking = Promise.resolve();

  constructor(plan: DemoPlan) {
    this.#plan = plan;
  }

  /** Since the start of the demo, whatever was killed and restarted in between; null when it was never seen. */
  get origin(): OriginTotals | null {
    return this.#origin.total;
  }

  totals(name: string): TierTotals {
    return this.#nodes.get(name)?.total ?? NOTHING;
  }

  get edges(): TierTotals {
    return this.#together(this.#plan.edgeNames);
  }

  get shields(): TierTotals {
    return this.#together(this.#plan.shieldNames);
  }

  #together(names: readonly string[]): TierTotals {
    return names.map((name) => this.totals(name)).reduce(addTotals, NOTHING);
  }

  /** A process that does not answer stays as it was last seen. One look after the other: an old one must not come last. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    const names = [...this.#plan.edgeNames, ...this.#plan.shieldNames];
    const [states, origin] = await Promise.all([
      Promise.all(names.map((name) => this.#nodeState(name))),
      this.#originState(),
    ]);
    if (origin !== null) this.#origin.see(origin);
    names.forEach((name, index) => {
      const state = states[index];
      if (!state) return;
      this.lastSeen.set(name, state);
      const tally = this.#nodes.get(name) ?? new Tally();
      tally.see(totalsOf(state));
      this.#nodes.set(name, tally);
    });
  }

  async #nodeState(name: string): Promise<NodeState | null> {
    try {
      return await got(`${this.#plan.adminUrl(name)}/state`, {
        timeout: { request: TIMEOUT_MS },
        retry: { limit: 0 },
      }).json();
    } catch {
      return null;
    }
  }

  async #originState(): Promise<OriginTotals | null> {
    try {
      const url = `${this.#plan.adminUrl('origin')}/metrics`;
      const samples = parseMetrics(await got(url, { timeout: { request: TIMEOUT_MS }, retry: { limit: 0 } }).text());
      const ingest = samples.filter(({ name }) => name === 'undercard_origin_ingest_total');
      const count = (counts: (verdict: string) => boolean) =>
        ingest.filter(({ labels }) => counts(labels.verdict ?? '')).reduce((sum, { value }) => sum + value, 0);
      return {
        reads: sumOf(samples, 'undercard_origin_reads_total'),
        segmentReads: sumOf(samples, 'undercard_origin_reads_total', { kind: 'segment' }),
        held: sumOf(samples, 'undercard_origin_held_seconds_count'),
        sentBytes: sumOf(samples, 'undercard_origin_sent_bytes_total'),
        ingestPublished: count((verdict) => verdict === 'published'),
        ingestRefused: count((verdict) => !ACCEPTED.has(verdict)),
      };
    } catch {
      return null;
    }
  }
}

function totalsOf({ requests, hits, staleHits, collapsed, fills, egressBytes }: NodeState): TierTotals {
  const viewerBytes = egressBytes.rehearsal + egressBytes.viewer;
  return {
    requests,
    hits: hits + staleHits,
    collapsed,
    fills,
    egressBytes: egressBytes.tier + viewerBytes,
    viewerBytes,
  };
}

export function addTotals(a: TierTotals, b: TierTotals): TierTotals {
  return {
    requests: a.requests + b.requests,
    hits: a.hits + b.hits,
    collapsed: a.collapsed + b.collapsed,
    fills: a.fills + b.fills,
    egressBytes: a.egressBytes + b.egressBytes,
    viewerBytes: a.viewerBytes + b.viewerBytes,
  };
}
