import { randomBytes } from 'node:crypto';
import type { Site } from '../../../topology/model/site.ts';
import type { Standing } from '../../policy/health/health.ts';
import type { SteeringMetrics } from '../steering-metrics.ts';
import type { SiteSpot } from './site-spots.ts';

/** What the page needs of the nodes, numbered in the order of the sites file. */
export interface LiveNodes {
  verdictAt(server: number, nowMs: number): { standing: Standing };
  reservedBpsAt(server: number): number;
  capacityBpsAt(server: number): number;
  /** −Infinity before the first report */
  reportedAtMs(server: number): number;
}

/**
 * One spot of the map: its number, first choices since the start, promised bitrate over capacity in thousandths (null:
 * no report yet), servers up, doubtful, draining, down.
 */
export type SpotRow = [
  spot: number,
  firstChoices: number,
  load: number | null,
  up: number,
  doubtful: number,
  draining: number,
  down: number,
];

/** Counters are totals since the start: whoever looks takes differences. */
export interface LiveAnswer {
  version: 1;
  /** another one after a restart: then everything counts anew */
  instance: string;
  /** grows with each look; `?since=` it gets only the spots that have changed */
  revision: number;
  atMs: number;
  answers: Record<string, number>;
  locatedBy: Record<string, number>;
  reports: Record<string, number>;
  admission: Record<string, number>;
  firstChoices: number;
  moves: number;
  nodes: Record<string, number>;
  spots: SpotRow[];
}

/** Several pages that look at once get the same look. */
const LOOK_AGAIN_MS = 250;

const DOUBTFUL: readonly Standing[] = ['unheard', 'suspect', 'probation'];

/** What steering does, in a few kilobytes, for a page that asks every second. Looking costs only when somebody looks. */
export class LiveCounters {
  readonly #metrics: SteeringMetrics;
  readonly #nodes: LiveNodes;
  readonly #nowMs: () => number;
  readonly #instance = randomBytes(6).toString('base64url');
  /** by spot: the numbers of its servers */
  readonly #servers: readonly number[][];
  readonly #spotOfSite = new Map<string, number>();
  readonly #rows: (SpotRow | null)[];
  /** by spot: the revision in which it changed last */
  readonly #changed: Float64Array;
  #revision = 0;
  #totals: Promise<Omit<LiveAnswer, 'spots'>> | null = null;
  #lookedMs = -Infinity;

  constructor(
    sites: readonly Site[],
    spots: readonly SiteSpot[],
    nodes: LiveNodes,
    metrics: SteeringMetrics,
    nowMs: () => number,
  ) {
    this.#metrics = metrics;
    this.#nodes = nodes;
    this.#nowMs = nowMs;
    const first: number[] = [];
    let servers = 0;
    for (const { edges } of sites) {
      first.push(servers);
      servers += edges.length;
    }
    this.#servers = spots.map(({ sites: members }, spot) =>
      members.flatMap((site) => {
        this.#spotOfSite.set(sites[site]!.id, spot);
        return sites[site]!.edges.map((_edge, index) => first[site]! + index);
      }),
    );
    this.#rows = spots.map(() => null);
    this.#changed = new Float64Array(spots.length);
  }

  /** @param since revision of the answer that the asker has, or −1 */
  async read(since: number): Promise<LiveAnswer> {
    const nowMs = this.#nowMs();
    if (this.#totals === null || Math.abs(nowMs - this.#lookedMs) >= LOOK_AGAIN_MS) {
      this.#lookedMs = nowMs;
      this.#totals = this.#look(nowMs);
    }
    const totals = await this.#totals;
    // What somebody else's look has changed meanwhile is in this answer as well; it only comes once more.
    const spots = this.#rows.filter((row, spot): row is SpotRow => row !== null && this.#changed[spot]! > since);
    return { ...totals, spots };
  }

  async #look(nowMs: number): Promise<Omit<LiveAnswer, 'spots'>> {
    const { requests, clients, reports, admissions, firstChoices } = this.#metrics;
    const moves = await this.#metrics.moves.get();
    const bySite = firstChoices.totalsBy('site');
    this.#revision++;
    const nodes = this.#lookAtSpots(bySite, nowMs);
    return {
      version: 1,
      instance: this.#instance,
      revision: this.#revision,
      atMs: Math.round(nowMs),
      answers: Object.fromEntries(requests.totalsBy('route')),
      locatedBy: Object.fromEntries(clients.totalsBy('located_by')),
      reports: Object.fromEntries(reports.totalsBy('outcome')),
      admission: Object.fromEntries(admissions.totalsBy('verdict')),
      firstChoices: sum(bySite.values()),
      moves: sum(moves.values.map(({ value }) => value)),
      nodes: Object.fromEntries(nodes),
    };
  }

  #lookAtSpots(firstsBySite: ReadonlyMap<string, number>, nowMs: number): Map<Standing, number> {
    const firsts = new Float64Array(this.#servers.length);
    for (const [site, count] of firstsBySite) {
      const spot = this.#spotOfSite.get(site);
      if (spot !== undefined) firsts[spot]! += count;
    }
    const all = new Map<Standing, number>();
    this.#servers.forEach((servers, spot) => {
      const row = this.#rowOf(spot, servers, firsts[spot]!, nowMs, all);
      const before = this.#rows[spot]!;
      if (before !== null && row.every((value, at) => value === before[at])) return;
      this.#rows[spot] = row;
      this.#changed[spot] = this.#revision;
    });
    return all;
  }

  #rowOf(spot: number, servers: readonly number[], firsts: number, nowMs: number, all: Map<Standing, number>): SpotRow {
    const counts = { up: 0, doubtful: 0, draining: 0, down: 0 };
    let reserved = 0;
    let capacity = 0;
    for (const server of servers) {
      const { standing } = this.#nodes.verdictAt(server, nowMs);
      all.set(standing, (all.get(standing) ?? 0) + 1);
      counts[DOUBTFUL.includes(standing) ? 'doubtful' : (standing as keyof typeof counts)]++;
      // What was promised on a dead one is on its way elsewhere.
      if (standing === 'down' || this.#nodes.reportedAtMs(server) === -Infinity) continue;
      reserved += this.#nodes.reservedBpsAt(server);
      capacity += this.#nodes.capacityBpsAt(server);
    }
    const load = capacity > 0 ? Math.round((1000 * reserved) / capacity) : null;
    return [spot, firsts, load, counts.up, counts.doubtful, counts.draining, counts.down];
  }
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
