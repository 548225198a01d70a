import type { EdgeStats } from '../../edge/policy/edge-stats.ts';
import { newStats } from '../../edge/policy/edge-stats.ts';
import type { Series } from './result.ts';
import type { Simulation } from './simulation.ts';

type Totals = Record<
  | 'arrivals'
  | 'reloads'
  | 'edgeRequests'
  | 'shieldRequests'
  | 'originRequests'
  | 'edgeFills'
  | 'edgeHits'
  | 'edgeShared'
  | 'edgeCollapsed'
  | 'shieldHits'
  | 'shieldShared'
  | 'failures'
  | 'serverSwitches'
  | 'rank0'
  | 'healthMiss'
  | 'contentMiss',
  number
>;

/** The time series that are not of links: differences of totals, and how viewers are at the end of each step. */
export class SeriesBook {
  readonly rows: Omit<Series, 'stepSeconds' | 'servers' | 'links' | 'sites' | 'isps'>;
  /** by step and network: bytes delivered, viewers there and viewers standing still */
  readonly ispBytes: Float64Array[] = [];
  readonly ispPresent: Int32Array[] = [];
  readonly ispStalled: Int32Array[] = [];
  readonly networkOf: Int32Array;
  readonly networks: readonly string[];
  readonly #simulation: Simulation;
  #before: Totals;
  #ispBefore: Float64Array;
  #atMs = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    const { places } = simulation.world;
    this.networks = [...new Set(places.map(({ network }) => network))];
    const indexes = new Map(this.networks.map((id, index) => [id, index]));
    this.networkOf = Int32Array.from(places, ({ network }) => indexes.get(network)!);
    this.rows = emptyRows();
    this.#before = this.#totals();
    this.#ispBefore = this.#ispBytesNow();
  }

  closeStep(nowMs: number): void {
    const { rows } = this;
    const seconds = (nowMs - this.#atMs) / 1000;
    const now = this.#totals();
    const grew = (name: keyof Totals) => now[name] - this.#before[name];
    rows.timesSeconds.push(nowMs / 1000);
    rows.arrivals.push(grew('arrivals'));
    rows.reloads.push(grew('reloads'));
    rows.edgeRequestsPerSecond.push(grew('edgeRequests') / seconds);
    rows.shieldRequestsPerSecond.push(grew('shieldRequests') / seconds);
    rows.originRequestsPerSecond.push(grew('originRequests') / seconds);
    rows.edgeFillsPerSecond.push(grew('edgeFills') / seconds);
    rows.edgeCollapsedPerSecond.push(grew('edgeCollapsed') / seconds);
    rows.edgeHitRatio.push(ratio(grew('edgeHits'), grew('edgeShared')));
    rows.shieldHitRatio.push(ratio(grew('shieldHits'), grew('shieldShared')));
    rows.failuresPerSecond.push(grew('failures') / seconds);
    rows.serverSwitchesPerSecond.push(grew('serverSwitches') / seconds);
    rows.rank0Bps.push((grew('rank0') * 8) / seconds);
    rows.healthMissBps.push((grew('healthMiss') * 8) / seconds);
    rows.contentMissBps.push((grew('contentMiss') * 8) / seconds);
    this.#before = now;
    this.#closeIsps();
    this.#countViewers();
    this.#closeTiers();
    this.#atMs = nowMs;
  }

  #closeTiers(): void {
    const { world, links } = this.#simulation;
    const step = links.steps.at(-1)!;
    let [edge, shield, origin] = [0, 0, 0];
    for (const { node } of world.caches) {
      const rateBps = step[world.ways.serverLink(node.server)]!;
      if (node.role === 'edge') edge += rateBps;
      else shield += rateBps;
    }
    for (const node of world.origins) origin += step[world.ways.serverLink(node.server)]!;
    this.rows.edgeBps.push(edge);
    this.rows.shieldBps.push(shield);
    this.rows.originBps.push(origin);
  }

  #closeIsps(): void {
    const now = this.#ispBytesNow();
    this.ispBytes.push(now.map((bytes, network) => bytes - this.#ispBefore[network]!));
    this.#ispBefore = now;
  }

  #countViewers(): void {
    const { viewers } = this.#simulation;
    const present = new Int32Array(this.networks.length);
    const still = new Int32Array(this.networks.length);
    let [playing, stalled, starting, bitrate, all] = [0, 0, 0, 0, 0];
    for (let viewer = 0; viewer < viewers.count; viewer++) {
      const player = viewers.playerOf(viewer);
      if (player === null) continue;
      all++;
      const network = this.networkOf[viewers.traits[viewer]!.place]!;
      present[network]!++;
      const { phase } = player;
      if (phase === 'playing') {
        playing++;
        bitrate += viewers.bitrateBps(viewer);
      } else if (phase === 'stalled') {
        stalled++;
        still[network]!++;
      } else if (phase === 'starting' || phase === 'joining') starting++;
    }
    this.rows.present.push(all);
    this.rows.playing.push(playing);
    this.rows.stalled.push(stalled);
    this.rows.starting.push(starting);
    this.rows.bitrateBps.push(ratio(bitrate, playing));
    this.ispPresent.push(present);
    this.ispStalled.push(still);
  }

  #ispBytesNow(): Float64Array {
    const sums = new Float64Array(this.networks.length);
    const { bytes } = this.#simulation.deliveries;
    for (let place = 0; place < bytes.length; place++) sums[this.networkOf[place]!]! += bytes[place]!;
    return sums;
  }

  #totals(): Totals {
    const { world, viewers, deliveries, arrived } = this.#simulation;
    const edge = newStats();
    const shield = newStats();
    let fillsFromAbove = 0;
    for (const { node } of world.caches) {
      add(node.role === 'edge' ? edge : shield, node.pastStats);
      add(node.role === 'edge' ? edge : shield, node.machine.stats);
      if (node.role === 'edge') fillsFromAbove += node.fillsFromAbove;
    }
    return {
      arrivals: arrived,
      reloads: viewers.reloads,
      edgeRequests: edge.requests,
      shieldRequests: shield.requests,
      originRequests: world.origins.reduce((sum, { requests }) => sum + requests, 0),
      edgeFills: fillsFromAbove,
      edgeHits: hitsOf(edge),
      edgeShared: hitsOf(edge) + edge.collapsed + edge.misses,
      edgeCollapsed: edge.collapsed,
      shieldHits: hitsOf(shield),
      shieldShared: hitsOf(shield) + shield.collapsed + shield.misses,
      failures: viewers.failures,
      serverSwitches: viewers.serverSwitches,
      rank0: deliveries.rank0,
      healthMiss: deliveries.healthMiss,
      contentMiss: deliveries.contentMiss,
    };
  }
}

export function hitsOf({ hits, staleHits, revalidated }: EdgeStats): number {
  return hits + staleHits + revalidated;
}

export function add(to: EdgeStats, from: EdgeStats): void {
  for (const name of Object.keys(to) as (keyof EdgeStats)[]) to[name] += from[name];
}

export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function emptyRows(): SeriesBook['rows'] {
  return {
    timesSeconds: [],
    present: [],
    playing: [],
    stalled: [],
    starting: [],
    arrivals: [],
    reloads: [],
    bitrateBps: [],
    edgeBps: [],
    shieldBps: [],
    originBps: [],
    edgeRequestsPerSecond: [],
    shieldRequestsPerSecond: [],
    originRequestsPerSecond: [],
    edgeHitRatio: [],
    shieldHitRatio: [],
    edgeFillsPerSecond: [],
    edgeCollapsedPerSecond: [],
    failuresPerSecond: [],
    serverSwitchesPerSecond: [],
    rank0Bps: [],
    healthMissBps: [],
    contentMissBps: [],
  };
}
