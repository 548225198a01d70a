import got from 'got';
import { EDGE_NAMES, type DemoPlan } from './plan.ts';
import { parseMetrics, sumOf } from './metrics-text.ts';

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

export interface OriginState {
  reads: number;
  held: number;
  sentBytes: number;
  ingestPublished: number;
  ingestRefused: number;
}

/** What was seen of all tiers in one look; a process that does not answer is missing. */
export interface Observation {
  /** since the start */
  atMs: number;
  nodes: Map<string, NodeState>;
  origin: OriginState | null;
}

const TIMEOUT_MS = 900;

/** Looks at the admin listeners of edges, shield and origin. */
export class Observer {
  readonly #plan: DemoPlan;
  readonly #startMs = performance.now();
  /** the last that was seen of each, also of those that are gone */
  readonly lastSeen = new Map<string, NodeState>();
  latest: Observation = { atMs: 0, nodes: new Map(), origin: null };

  constructor(plan: DemoPlan) {
    this.#plan = plan;
  }

  async look(): Promise<Observation> {
    const names = [...EDGE_NAMES, 'shield'];
    const [states, origin] = await Promise.all([
      Promise.all(names.map((name) => this.#nodeState(name))),
      this.#originState(),
    ]);
    const nodes = new Map<string, NodeState>();
    names.forEach((name, index) => {
      const state = states[index];
      if (!state) return;
      nodes.set(name, state);
      this.lastSeen.set(name, state);
    });
    this.latest = { atMs: performance.now() - this.#startMs, nodes, origin };
    return this.latest;
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

  async #originState(): Promise<OriginState | null> {
    try {
      const url = `${this.#plan.adminUrl('origin')}/metrics`;
      const samples = parseMetrics(await got(url, { timeout: { request: TIMEOUT_MS }, retry: { limit: 0 } }).text());
      const ingest = samples.filter(({ name }) => name === 'undercard_origin_ingest_total');
      const isPublished = ({ labels }: { labels: Record<string, string> }) => labels.verdict === 'published';
      return {
        reads: sumOf(samples, 'undercard_origin_reads_total'),
        held: sumOf(samples, 'undercard_origin_held_seconds_count'),
        sentBytes: sumOf(samples, 'undercard_origin_sent_bytes_total'),
        ingestPublished: ingest.filter(isPublished).reduce((sum, { value }) => sum + value, 0),
        ingestRefused: ingest
          .filter(({ labels }) => /^(?:invalid|defect|corrupt|short|digest)/.test(labels.verdict ?? ''))
          .reduce((sum, { value }) => sum + value, 0),
      };
    } catch {
      return null;
    }
  }
}

export interface TierTotals {
  requests: number;
  hits: number;
  collapsed: number;
  fills: number;
  egressBytes: number;
}

/** The edges' counters added up; those of dead edges as last seen. */
export function edgeTotals(observer: Observer): TierTotals {
  return EDGE_NAMES.map((name) => totalsOf(observer.lastSeen.get(name))).reduce(addTotals, totalsOf(undefined));
}

export function totalsOf(state: NodeState | undefined): TierTotals {
  if (!state) return { requests: 0, hits: 0, collapsed: 0, fills: 0, egressBytes: 0 };
  const { requests, hits, staleHits, collapsed, fills, egressBytes } = state;
  const egress = egressBytes.tier + egressBytes.rehearsal + egressBytes.viewer;
  return { requests, hits: hits + staleHits, collapsed, fills, egressBytes: egress };
}

function addTotals(a: TierTotals, b: TierTotals): TierTotals {
  return {
    requests: a.requests + b.requests,
    hits: a.hits + b.hits,
    collapsed: a.collapsed + b.collapsed,
    fills: a.fills + b.fills,
    egressBytes: a.egressBytes + b.egressBytes,
  };
}
