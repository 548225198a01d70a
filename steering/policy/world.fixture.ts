import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Position, Site } from '../../topology/model/site.ts';
import { NodeTable } from './health/node-table.ts';
import { Proximity } from './location/proximity.ts';
import { ServerRanking, type RankingRequest } from './ranking.ts';
import { siteOrderOf } from './location/site-order.ts';
import { DEFAULT_STEERING, type SteeringPolicyConfig } from './steering-config.ts';

export const CAPACITY_BPS = 1e9;
/** Thousands of sessions of this fill nobody: what is not about admission does not meet it. */
const NEXT_TO_NOTHING_BPS = 1000;

export const countries: ReadonlyMap<string, Position> = new Map([
  ['DE', { latitude: 50.853, longitude: 9.657 }],
  ['US', { latitude: 38.874, longitude: -92.654 }],
  ['BR', { latitude: -18.157, longitude: -45.525 }],
  ['FJ', { latitude: -17.699, longitude: 178.113 }],
]);

const PLACES = [
  { id: 'fra', country: 'DE', latitude: 50.11, longitude: 8.68 },
  { id: 'nyc', country: 'US', latitude: 40.71, longitude: -74.01 },
  { id: 'sao', country: 'BR', latitude: -23.55, longitude: -46.63 },
  { id: 'akl', country: 'NZ', latitude: -36.85, longitude: 174.76 },
  { id: 'lon', country: 'GB', latitude: 51.51, longitude: -0.13 },
  { id: 'par', country: 'FR', latitude: 48.86, longitude: 2.35 },
  { id: 'sin', country: 'SG', latitude: 1.35, longitude: 103.82 },
];

export const MOST_SITES = PLACES.length;

/** `edgesPerSite[i]` edges at the i-th place, named fra-1, fra-2, nyc-1, … */
export function makeSites(edgesPerSite: readonly number[]): Site[] {
  return edgesPerSite.map((count, at) => ({
    ...PLACES[at]!,
    kind: 'ix',
    edges: Array.from({ length: count }, (_, index) => ({
      id: `${PLACES[at]!.id}-${index + 1}`,
      url: `http://127.0.${at + 1}.${index + 11}:8080`,
      capacityBps: CAPACITY_BPS,
    })),
  }));
}

export function reportOf(id: string, changes: Partial<NodeReport> = {}): NodeReport {
  return {
    id,
    role: 'edge',
    site: id.split('-')[0]!,
    url: 'http://127.0.0.11:8080',
    state: 'up',
    sequence: 1,
    egressBps: 0,
    reservedBps: 0,
    capacityBps: CAPACITY_BPS,
    connections: 0,
    requestsPerSecond: 100,
    errorShare: 0,
    eventLoopDelayMs: 1,
    ...changes,
  };
}

/** A table and its ranking; time is the test's own. */
export class World {
  readonly sites: Site[];
  readonly nodes: NodeTable;
  readonly ranking: ServerRanking;
  readonly ids: string[];
  nowMs = 0;
  #sequence = 0;

  /** Nobody explores, unless the tuning says so: what is told of a session holds for every one. */
  constructor(edgesPerSite: readonly number[], tuning: Partial<SteeringPolicyConfig> = {}) {
    this.sites = makeSites(edgesPerSite);
    this.ids = this.sites.flatMap(({ edges }) => edges.map(({ id }) => id));
    this.nodes = new NodeTable(this.sites, DEFAULT_STEERING, 0);
    this.ranking = new ServerRanking(
      this.sites,
      siteOrderOf('nearest', this.sites, new Proximity(this.sites, countries), null),
      this.nodes,
      { tuning: { ...DEFAULT_STEERING, exploreShare: 0, ...tuning } },
    );
  }

  /** Seconds in which every node reports, but for the silent ones, with what `changesOf` says of it. */
  pass(seconds: number, changesOf: (id: string) => Partial<NodeReport> | 'silent' = () => ({})): void {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1000;
      this.#sequence++;
      for (const id of this.ids) {
        const changes = changesOf(id);
        if (changes === 'silent') continue;
        this.nodes.report(reportOf(id, { sequence: this.#sequence, ...changes }), this.nowMs);
      }
    }
  }

  rank(client: string, request: Partial<RankingRequest> = {}) {
    const asked = { country: 'DE', client, path: '/live/demo/', nominalBps: NEXT_TO_NOTHING_BPS, ...request };
    return this.ranking.rank(asked, this.nowMs);
  }

  first(client: string, request: Partial<RankingRequest> = {}): string {
    return this.rank(client, request).servers[0]!.id;
  }
}

export function clients(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `client-${index}`);
}
