import { NodeTable } from '../../steering/policy/node-table.ts';
import { Proximity } from '../../steering/policy/proximity.ts';
import { ServerRanking, type Ranking, type RankingRequest } from '../../steering/policy/ranking.ts';
import { siteOrderOf, type RouteTable, type SiteOrder } from '../../steering/policy/site-order.ts';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';
import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Position, Site } from '../../topology/model/site.ts';
import type { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import type { CacheNode } from './cache-node.ts';

const REPORT_EVERY_MS = 1000;

export interface SteeringParts {
  engine: Engine;
  sites: readonly Site[];
  countries: ReadonlyMap<string, Position>;
  routes: RouteTable;
  siteIds: readonly string[];
  edges: readonly { node: CacheNode; site: string; nicBps: number; egressBytes: () => number }[];
  seed: number;
}

/** A thin driver round steering's own policy: nodes report each second, viewers ask. */
export class SteeringDesk {
  down = false;
  decisions = 0;
  /** as proximity has it, whatever the servers' health */
  readonly order: SiteOrder;
  readonly #engine: Engine;
  readonly #nodes: NodeTable;
  readonly #ranking: ServerRanking;
  readonly #edges: SteeringParts['edges'];
  readonly #last: { sentBytes: number; requests: number; errors: number }[];
  readonly #sequences: number[];
  readonly #kind: number;
  readonly #timers: number[];

  constructor(config: SteeringPolicyConfig, parts: SteeringParts) {
    const { engine, sites, countries, routes, siteIds, edges, seed } = parts;
    this.#engine = engine;
    this.#edges = edges;
    const proximity = new Proximity(sites, countries);
    this.order = siteOrderOf(config.policy, sites, proximity, { table: routes, siteIds });
    this.#nodes = new NodeTable(sites, config, engine.nowMs);
    this.#ranking = new ServerRanking(sites, this.order, this.#nodes);
    this.#last = edges.map(() => ({ sentBytes: 0, requests: 0, errors: 0 }));
    this.#sequences = edges.map(() => 0);
    const random = new Random(seed, 'reports');
    const { timers } = engine;
    this.#kind = timers.kind((edge, timer, nowMs) => {
      this.#report(edge);
      timers.set(timer, nowMs + REPORT_EVERY_MS);
    });
    // Nodes were up before the event: each has reported once, and goes on at its own moment of the second.
    this.#timers = edges.map((_edge, index) => {
      this.#report(index);
      const timer = timers.make(this.#kind, index);
      timers.set(timer, engine.nowMs + REPORT_EVERY_MS * random.uniform());
      return timer;
    });
  }

  rank(request: RankingRequest): Ranking {
    this.decisions++;
    return this.#ranking.rank(request, this.#engine.nowMs);
  }

  /** The process has begun anew: its reports count from one again. */
  restarted(edge: number): void {
    this.#sequences[edge] = 0;
  }

  /** A change of state is reported at once. */
  reportNow(edge: number): void {
    this.#engine.timers.set(this.#timers[edge]!, this.#engine.nowMs);
  }

  #report(index: number): void {
    const { node, site, nicBps, egressBytes } = this.#edges[index]!;
    if (node.standing !== 'up' || this.down) return;
    const last = this.#last[index]!;
    const { load } = node;
    const requests = load.requests - last.requests;
    const sentBytes = egressBytes();
    const report: NodeReport = {
      id: node.id,
      role: 'edge',
      site,
      url: `http://${node.id}`,
      state: node.draining ? 'draining' : 'up',
      sequence: this.#sequences[index]!++,
      egressBps: (sentBytes - last.sentBytes) * 8 * (1000 / REPORT_EVERY_MS),
      capacityBps: nicBps,
      connections: 0,
      requestsPerSecond: requests,
      errorShare: requests > 0 ? Math.min(1, (load.errors - last.errors) / requests) : 0,
      eventLoopDelayMs: load.takeWorstDelayMs(),
    };
    last.sentBytes = sentBytes;
    last.requests = load.requests;
    last.errors = load.errors;
    this.#nodes.report(report, this.#engine.nowMs);
  }
}
