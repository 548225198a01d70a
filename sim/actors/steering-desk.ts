import type { DecisionRecorder } from '../../steering/policy/record/decision-recorder.ts';
import type { NodeTable } from '../../steering/policy/health/node-table.ts';
import { Proximity } from '../../steering/policy/location/proximity.ts';
import type { Ranking, RankingRequest, ServerRanking } from '../../steering/policy/ranking.ts';
import { makePolicies, type PolicyParts } from '../../steering/policy/record/recorded-policies.ts';
import { siteOrderOf, type RouteTable, type SiteOrder } from '../../steering/policy/location/site-order.ts';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';
import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Position, Site } from '../../topology/model/site.ts';
import { mix32 } from '../../topology/model/stable-hash.ts';
import type { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import type { CacheNode } from './cache-node.ts';

const REPORT_EVERY_MS = 1000;
/** As the service does. */
const SETTLE_EVERY_MS = 1000;

/** Steering begins, and is to be recorded. */
export type StartRecord = (parts: PolicyParts) => DecisionRecorder;

export interface SteeringParts {
  engine: Engine;
  sites: readonly Site[];
  countries: ReadonlyMap<string, Position>;
  metros: ReadonlyMap<string, Position>;
  routes: RouteTable;
  siteIds: readonly string[];
  edges: readonly { node: CacheNode; site: string; nicBps: number; egressBytes: () => number }[];
  seed: number;
  record?: StartRecord | undefined;
}

/** Totals of one node at its last report, of which the next one takes the differences. */
interface Told {
  atMs: number;
  sentBytes: number;
  requests: number;
  errors: number;
}

/** Shorter than this two reports are never apart, as in edge/service/node-reporter.ts. */
const LEAST_SECONDS = 0.001;

/** A thin driver round steering's own policy: nodes report each second, viewers ask. */
export class SteeringDesk {
  decisions = 0;
  /** of the decisions, those that were not admitted as they asked */
  reduced = 0;
  refused = 0;
  /** as proximity has it, whatever the servers' health */
  readonly order: SiteOrder;
  readonly #engine: Engine;
  readonly #config: SteeringPolicyConfig;
  readonly #sites: readonly Site[];
  readonly #record: StartRecord | undefined;
  #isDown = false;
  /** others after each restart */
  #nodes: NodeTable;
  #ranking: ServerRanking;
  readonly #edges: SteeringParts['edges'];
  readonly #last: Told[];
  readonly #sequences: number[];
  readonly #kind: number;
  readonly #timers: number[];
  /** by number on the wire */
  readonly #edgeOf: number[] = [];

  constructor(config: SteeringPolicyConfig, parts: SteeringParts) {
    const { engine, sites, countries, metros, routes, siteIds, edges, seed, record } = parts;
    this.#engine = engine;
    this.#edges = edges;
    this.#config = config;
    this.#sites = sites;
    this.#record = record;
    const proximity = new Proximity(sites, countries, metros);
    this.order = siteOrderOf(config.policy, sites, proximity, { table: routes, siteIds });
    ({ nodes: this.#nodes, ranking: this.#ranking } = this.#begin());
    this.#last = edges.map((_edge, index) => this.#totals(index));
    edges.forEach(({ node }, edge) => (this.#edgeOf[node.server] = edge));
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
    const settle = timers.kind((_payload, timer, nowMs) => {
      this.#nodes.settle(nowMs);
      timers.set(timer, nowMs + SETTLE_EVERY_MS);
    });
    timers.set(timers.make(settle, 0), engine.nowMs + SETTLE_EVERY_MS);
  }

  get down(): boolean {
    return this.#isDown;
  }

  /** The service dies, and begins anew with no word from any node yet; those tell it within a second. */
  setDown(down: boolean): void {
    if (this.#isDown && !down) {
      ({ nodes: this.#nodes, ranking: this.#ranking } = this.#begin());
    }
    this.#isDown = down;
  }

  rank(request: RankingRequest): Ranking {
    this.decisions++;
    const ranking = this.#ranking.rank(request, this.#engine.nowMs);
    if (ranking.admission.verdict === 'reduced') this.reduced++;
    else if (ranking.admission.verdict === 'refused') this.refused++;
    return ranking;
  }

  /** What a player tells by CMCD of an answer that it got, or did not. */
  playerTold(server: number, network: string, viewer: number, sign: 'well' | 'failed'): void {
    const edge = this.#edgeOf[server];
    if (edge === undefined || this.#isDown) return;
    this.#nodes.playerTold(edge, network, mix32(viewer + 1), sign, this.#engine.nowMs);
  }

  /** What it would get; nothing is counted or reserved. */
  peek(request: RankingRequest): Ranking {
    return this.#ranking.explain(request, this.#engine.nowMs);
  }

  /** As the service does when it starts. */
  #begin(): { nodes: NodeTable; ranking: ServerRanking } {
    const parts = { sites: this.#sites, order: this.order, steering: this.#config, nowMs: this.#engine.nowMs };
    return makePolicies(parts, this.#record?.(parts) ?? null);
  }

  /** The process has begun anew: its reports count from one again, and the first is sent at once. */
  restarted(edge: number): void {
    this.#sequences[edge] = 0;
    this.#last[edge] = this.#totals(edge);
    this.reportNow(edge);
  }

  /** A change of state is reported at once. */
  reportNow(edge: number): void {
    this.#engine.timers.set(this.#timers[edge]!, this.#engine.nowMs);
  }

  #totals(index: number): Told {
    const { node, egressBytes } = this.#edges[index]!;
    const { requests, errors } = node.load;
    return { atMs: this.#engine.nowMs, sentBytes: egressBytes(), requests, errors };
  }

  /** Made each second whether it can be heard or not, as by a node: what it tells is of the last second alone. */
  #report(index: number): void {
    const { node, site, nicBps } = this.#edges[index]!;
    if (node.standing === 'off') return;
    const last = this.#last[index]!;
    const now = this.#totals(index);
    this.#last[index] = now;
    const seconds = Math.max(LEAST_SECONDS, (now.atMs - last.atMs) / 1000);
    const requests = now.requests - last.requests;
    const lies = node.failingShare > 0;
    const report: NodeReport = {
      id: node.id,
      role: 'edge',
      site,
      url: `http://${node.id}`,
      state: node.draining ? 'draining' : 'up',
      sequence: this.#sequences[index]!++,
      egressBps: lies ? 0 : ((now.sentBytes - last.sentBytes) * 8) / seconds,
      capacityBps: nicBps,
      reservedBps: lies ? 0 : node.machine.reserved.sampleBps(now.atMs, node.unreservedBytes * 8),
      connections: 0,
      requestsPerSecond: requests / seconds,
      errorShare: requests > 0 && !lies ? Math.min(1, (now.errors - last.errors) / requests) : 0,
      eventLoopDelayMs: node.load.takeWorstDelayMs(),
    };
    if (node.standing === 'up' && !this.#isDown) this.#nodes.report(report, this.#engine.nowMs);
  }
}
