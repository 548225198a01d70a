import type { Route } from '../../topology/model/topology.ts';
import type { Site } from '../../topology/model/site.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { Proximity } from './proximity.ts';
import type { Reason } from './reasons.ts';
import type { SteeringPolicyConfig } from './steering-config.ts';

/** What is known of where a client is. */
export interface ClientPlace {
  /** ISO 3166-1, or null when it is unknown */
  country: string | null;
  /** what stays the same while one viewer watches */
  client: string;
  /** the announced prefix that its address lies in says so */
  subscriber?: { network: string; metro: string } | undefined;
}

/** In which order sites come for a client, whatever their health. Rank 0 is the best answer. */
export interface SiteOrder {
  /** @returns indices into the sites, the best first; never empty */
  order(place: ClientPlace): readonly number[];
  /** Why the site stands where it does. */
  reason(place: ClientPlace, site: number, rank: number): Reason;
}

/** Routes to the subscribers of a network in a metro, the best first, as `topology/model/routing.ts` finds them. */
export interface RouteTable {
  /** another number when routes have changed */
  readonly version: number;
  routesTo(network: string, metro: string): readonly Route[];
}

/** @param routes for the policies that know networks; without them `network` is as `nearest` */
export function siteOrderOf(
  policy: SteeringPolicyConfig['policy'],
  sites: readonly Site[],
  proximity: Proximity,
  routes: { table: RouteTable; siteIds: readonly string[] } | null,
): SiteOrder {
  const nearest = new NearestOrder(proximity);
  if (policy === 'nearest') return nearest;
  const network = routes === null ? nearest : new NetworkOrder(sites, routes.table, routes.siteIds, nearest);
  if (policy === 'network') return network;
  return new ShuffledOrder(sites, network, policy === 'round-robin');
}

class NearestOrder implements SiteOrder {
  readonly #proximity: Proximity;

  constructor(proximity: Proximity) {
    this.#proximity = proximity;
  }

  order({ country }: ClientPlace): readonly number[] {
    return this.#proximity.order(country);
  }

  reason({ country }: ClientPlace, _site: number, rank: number): Reason {
    if (!this.#proximity.places(country)) return 'default-order';
    return rank === 0 ? 'nearest-site' : 'farther-site';
  }
}

interface NetworkAnswer {
  readonly order: readonly number[];
  readonly reaches: ReadonlyMap<number, Reason>;
}

/** As the client’s network hears the sites; a site that does not hear the client’s prefix announced is no answer. */
class NetworkOrder implements SiteOrder {
  readonly #routes: RouteTable;
  readonly #fallback: SiteOrder;
  /** from the route table’s sites to ours; −1 where we have none */
  readonly #sites: Int32Array;
  /** by network and metro: as many as the table has, at most */
  readonly #answers = new Map<string, NetworkAnswer | null>();
  #version = 0;

  constructor(sites: readonly Site[], routes: RouteTable, siteIds: readonly string[], fallback: SiteOrder) {
    this.#routes = routes;
    this.#fallback = fallback;
    const indexes = new Map(sites.map(({ id }, index) => [id, index]));
    this.#sites = Int32Array.from(siteIds, (id) => indexes.get(id) ?? -1);
  }

  order(place: ClientPlace): readonly number[] {
    return this.#answer(place)?.order ?? this.#fallback.order(place);
  }

  reason(place: ClientPlace, site: number, rank: number): Reason {
    return this.#answer(place)?.reaches.get(site) ?? this.#fallback.reason(place, site, rank);
  }

  #answer({ subscriber }: ClientPlace): NetworkAnswer | null {
    if (subscriber === undefined) return null;
    if (this.#version !== this.#routes.version) {
      this.#version = this.#routes.version;
      this.#answers.clear();
    }
    const key = `${subscriber.network}/${subscriber.metro}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = this.#find(subscriber.network, subscriber.metro);
      this.#answers.set(key, answer);
    }
    return answer;
  }

  #find(network: string, metro: string): NetworkAnswer | null {
    const known = this.#routes.routesTo(network, metro).filter(({ site }) => this.#sites[site]! >= 0);
    if (known.length === 0) return null;
    return {
      order: known.map(({ site }) => this.#sites[site]!),
      reaches: new Map(known.map(({ site, reach }) => [this.#sites[site]!, reach])),
    };
  }
}

/** What better orders are compared with: sites that can be reached, by chance or in turn. */
class ShuffledOrder implements SiteOrder {
  readonly #names: readonly string[];
  readonly #reachable: SiteOrder;
  readonly #inTurn: boolean;
  #turn = 0;

  constructor(sites: readonly Site[], reachable: SiteOrder, inTurn: boolean) {
    this.#names = sites.map(({ id }) => id);
    this.#reachable = reachable;
    this.#inTurn = inTurn;
  }

  order(place: ClientPlace): readonly number[] {
    const sites = this.#reachable.order(place).toSorted((a, b) => a - b);
    if (this.#inTurn) {
      const from = this.#turn++ % sites.length;
      return [...sites.slice(from), ...sites.slice(0, from)];
    }
    const points = new Map(sites.map((site) => [site, stableHash(place.client, stableHash(this.#names[site]!))]));
    return sites.sort((a, b) => points.get(a)! - points.get(b)! || a - b);
  }

  reason(): Reason {
    return this.#inTurn ? 'in-turn' : 'by-chance';
  }
}
