import type { ReachedSites } from '../../topology/model/reached-sites.ts';
import { Routing } from '../../topology/model/routing.ts';
import type { Position } from '../../topology/model/site.ts';
import type { Path, Route, Topology } from '../../topology/model/topology.ts';
import { latencyMs } from '../../topology/model/way.ts';
import type { FlowNetwork } from '../network/flow-network.ts';
import type { WirePath } from './wire.ts';

/** One server of the simulation, as it stands in the topology. */
export interface PlacedServer {
  /** index into the topology's sites; −1 for an origin */
  site: number;
  /** of an origin: index of its region; −1 for servers of sites */
  region: number;
  sendBps: number;
}

/** Subscribers of one network in one metro. */
export interface AccessPlace {
  network: string;
  metro: string;
}

interface Way extends WirePath {
  readonly links: readonly number[];
  readonly baseOneWayMs: number;
}

export interface WayOptions {
  /** of connections, in bytes a round trip */
  windowMaxBytes: number;
  /** one way, in access networks whose link states none */
  lastMileMs: number;
  /** viewers are where the servers are: see SimulationInput */
  directViewers?: boolean;
  hops?: HopTimes | undefined;
}

/** What the ends themselves add to a way, one way: next to each other, and with a link between them. */
export interface HopTimes {
  nearMs: number;
  farMs: number;
}

/** One way from a metro to steering, which stands in every region. */
export function steeringOneWayMs(topology: Pick<Topology, 'regions' | 'pathStretch'>, metro: Position): number {
  return Math.min(...topology.regions.map((region) => latencyMs(region, metro, topology.pathStretch)));
}

/** Between servers of one site. */
export const WITHIN_SITE_MS = 0.1;
const DIRECT: Path = { links: [], oneWayMs: 0 };
const SEGMENT_BITS = 1460 * 8;
/** Mathis, Semke, Mahdavi and Ott 1997, with delayed acknowledgements: about √(3/2). */
const MATHIS = 1.22;

/**
 * The topology's links as the flow network has them, and the way between any two places as routing says now. A link that
 * goes down cuts ways at once; other ways are found when routing has converged.
 *
 * Numbers of directed links: 2 × the topology's link and direction, then one a server: what it can send.
 */
export class Ways {
  /** grows with each convergence: whoever remembers a way must ask again */
  version = 0;
  readonly #topology: Topology;
  readonly #options: WayOptions;
  readonly #servers: readonly PlacedServer[];
  readonly #places: readonly AccessPlace[];
  readonly #down: Uint8Array;
  readonly #extraMs: Float64Array;
  readonly #loss: Float64Array;
  #network: FlowNetwork | null = null;
  #routing: Routing;
  /** server × places + place, and server × servers + server */
  readonly #toPlaces = new Map<number, Way>();
  readonly #toServers = new Map<number, Way>();
  /** routes of each place, by site */
  readonly #routes = new Map<number, ReadonlyMap<number, Route>>();
  /** of ways that are gone and of those that are: links by path number */
  readonly #linksOfPath: (readonly number[])[] = [];

  constructor(
    topology: Topology,
    servers: readonly PlacedServer[],
    places: readonly AccessPlace[],
    options: WayOptions,
  ) {
    this.#topology = topology;
    this.#options = options;
    this.#servers = servers;
    this.#places = places;
    const count = topology.links.length;
    this.#down = new Uint8Array(count);
    this.#extraMs = new Float64Array(count);
    this.#loss = new Float64Array(count);
    this.#routing = new Routing(topology);
  }

  /** What the flow network is made of, in the order of its links' numbers. */
  capacitiesBps(): Float64Array {
    const { links } = this.#topology;
    const capacities = new Float64Array(2 * links.length + this.#servers.length);
    links.forEach(({ capacityBps }, index) => capacities.fill(capacityBps, 2 * index, 2 * index + 2));
    this.#servers.forEach(({ sendBps }, index) => {
      capacities[2 * links.length + index] = sendBps;
    });
    return capacities;
  }

  attach(network: FlowNetwork): void {
    this.#network = network;
  }

  /** The link of the flow network that is a server's own. */
  serverLink(server: number): number {
    return 2 * this.#topology.links.length + server;
  }

  routesTo(network: string, metro: string): readonly Route[] {
    return this.#routing.routesTo(network, metro);
  }

  /** As steering's route table. */
  sitesTo(network: string, metro: string): ReachedSites {
    return this.#routing.sitesTo(network, metro);
  }

  routeOf(server: number, place: number): Route | null {
    return this.#routesOf(place).get(this.#servers[server]!.site) ?? null;
  }

  /** From a server to the subscribers of a place. */
  toPlace(server: number, place: number): WirePath {
    const key = server * this.#places.length + place;
    let way = this.#toPlaces.get(key);
    if (way === undefined) {
      const route = this.routeOf(server, place);
      way = this.#options.directViewers
        ? this.#make(server, route && DIRECT, 0)
        : this.#make(server, route, this.#lastMileMs(route));
      this.#toPlaces.set(key, way);
    }
    return way;
  }

  toServer(from: number, to: number): WirePath {
    const key = from * this.#servers.length + to;
    let way = this.#toServers.get(key);
    if (way === undefined) {
      way = this.#make(from, this.#pathBetween(from, to), 0);
      this.#toServers.set(key, way);
    }
    return way;
  }

  /** One way, or Infinity where there is none. */
  oneWayMs(from: number, to: number): number {
    return this.#pathBetween(from, to)?.oneWayMs ?? Infinity;
  }

  // ——— what goes wrong ———

  isDown(link: number): boolean {
    return this.#down[link] === 1;
  }

  setDown(link: number, down: boolean): void {
    this.#down[link] = down ? 1 : 0;
    this.#refresh();
  }

  setExtraMs(link: number, extraMs: number): void {
    this.#extraMs[link] = extraMs;
    this.#refresh();
  }

  setLoss(link: number, loss: number): void {
    this.#loss[link] = loss;
    this.#refresh();
  }

  /** Whether a path of the flow network crosses one of the topology's links. */
  crosses(path: number, link: number): boolean {
    return this.#linksOfPath[path]!.some((directed) => directed >> 1 === link);
  }

  /** By link: 1 for those that are down now; as a copy. */
  linksDown(): Uint8Array {
    return this.#down.slice();
  }

  /** Routing has found out which links are down, or were when it began to look. */
  converge(down: Uint8Array): void {
    this.#routing = new Routing(this.#topology, { isUsable: (link) => down[link] === 0 });
    this.#toPlaces.clear();
    this.#toServers.clear();
    this.#routes.clear();
    this.version++;
  }

  // ——— inside ———

  /** What the access link does not state. */
  #lastMileMs(route: Route | null): number {
    const last = route?.links.at(-1);
    const stated = last !== undefined && this.#topology.links[last >> 1]!.latencyMs !== undefined;
    return stated ? 0 : this.#options.lastMileMs;
  }

  #routesOf(place: number): ReadonlyMap<number, Route> {
    let routes = this.#routes.get(place);
    if (routes === undefined) {
      const { network, metro } = this.#places[place]!;
      routes = new Map(this.#routing.routesTo(network, metro).map((route) => [route.site, route]));
      this.#routes.set(place, routes);
    }
    return routes;
  }

  #pathBetween(from: number, to: number): Path | null {
    const source = this.#servers[from]!;
    const target = this.#servers[to]!;
    if (source.site < 0) return this.#routing.fillPathFromRegion(source.region, target.site);
    if (source.site === target.site) return { links: [], oneWayMs: WITHIN_SITE_MS };
    return this.#routing.fillPath(source.site, target.site);
  }

  #make(server: number, path: Path | null, extraMs: number): Way {
    const links = path?.links ?? [];
    const number = this.#network!.path(path === null ? [] : [this.serverLink(server), ...links]);
    this.#linksOfPath[number] = links;
    const way: Way = {
      path: number,
      links,
      baseOneWayMs: path === null ? 0 : path.oneWayMs + extraMs + this.#hopMs(links),
      oneWayMs: 0,
      capBps: 0,
      down: path === null,
    };
    return path === null ? way : this.#state(way);
  }

  #hopMs(links: readonly number[]): number {
    const { hops } = this.#options;
    if (hops === undefined) return 0;
    return links.length > 0 ? hops.farMs : hops.nearMs;
  }

  #refresh(): void {
    for (const way of this.#toPlaces.values()) if (way.links.length > 0) this.#state(way);
    for (const way of this.#toServers.values()) if (way.links.length > 0) this.#state(way);
  }

  /** Works out what the links' state makes of it. */
  #state(way: Way): Way {
    let extraMs = 0;
    let passed = 1;
    let down = false;
    for (const directed of way.links) {
      const link = directed >> 1;
      extraMs += this.#extraMs[link]!;
      passed *= 1 - this.#loss[link]!;
      if (this.#down[link] === 1) down = true;
    }
    way.oneWayMs = way.baseOneWayMs + extraMs;
    way.down = down;
    const roundTripSeconds = (2 * way.oneWayMs) / 1000;
    const windowBps = (this.#options.windowMaxBytes * 8) / roundTripSeconds;
    const lossBps = passed === 1 ? Infinity : (MATHIS * SEGMENT_BITS) / (roundTripSeconds * Math.sqrt(1 - passed));
    way.capBps = Math.min(windowBps, lossBps);
    return way;
  }
}
