import type { Position, Site } from '../../../topology/model/site.ts';
import { mix32, stableHash } from '../../../topology/model/stable-hash.ts';
import type { ReachedSites } from '../../../topology/model/reached-sites.ts';
import { REACHES } from '../../../topology/model/topology.ts';
import { KeptByUse } from '../kept-by-use.ts';
import type { Proximity } from './proximity.ts';
import type { PlaceReason } from '../reasons.ts';
import type { SteeringPolicyConfig } from '../steering-config.ts';
import type { Subscriber, Whereabouts, ZoneSites } from './whereabouts.ts';

/** What is known of where a client is. */
export interface ClientPlace {
  /** ISO 3166-1, or null when it is unknown */
  country: string | null;
  /** what stays the same while one viewer watches */
  client: string;
  /** the stable hash of the client’s name and the content, by those who have it already: a record keeps no names */
  session?: number | undefined;
  /** the announced prefix that its address lies in says so */
  subscriber?: Subscriber | undefined;
  /** the same and more, from whoever located the client; without it the fields above are all that is known */
  where?: Whereabouts | undefined;
}

/** In which order sites come for a client, whatever their health. Rank 0 is the best answer. */
export interface SiteOrder {
  /** @returns indices into the sites, the best first; never empty. Kept: not to be written to. */
  order(place: ClientPlace): ArrayLike<number>;
  /** Why the site stands where it does. */
  reason(place: ClientPlace, site: number, rank: number): PlaceReason;
  /** What the place alone makes of the sites, whatever a policy to compare with does to it. */
  placed(place: ClientPlace): PlacedSites;
  /** Places whose orders are kept; those asked for last come last. */
  known(): Iterable<Whereabouts>;
}

/** Another object when something about it has changed. Kept: not to be written to. */
export interface PlacedSites {
  readonly sites: Uint16Array;
  /** by rank: indices into `PLACE_REASONS` */
  readonly reasons: Uint8Array;
}

/** Sites with a route to the subscribers of a network in a metro, the best first, as `topology/model/routing.ts` finds them. */
export interface RouteTable {
  /** another number when routes have changed */
  readonly version: number;
  sitesTo(network: string, metro: string): ReachedSites;
}

/** Reasons as they are kept, a byte each. */
export const PLACE_REASONS = [
  'coverage-zone',
  ...REACHES,
  'nearest-site',
  'farther-site',
  'default-place',
  'default-order',
] as const satisfies readonly PlaceReason[];
const CODE = Object.fromEntries(PLACE_REASONS.map((reason, code) => [reason, code])) as Record<
  (typeof PLACE_REASONS)[number],
  number
>;

const REACH_CODES = Uint8Array.from(REACHES, (reach) => CODE[reach]);

/**
 * Sites of all orders together that are kept, at two or three bytes each. Half of it has room for every network and
 * metro of a world of 6,000 sites, and for 5,000 cells of its grid.
 */
const KEPT_SITES_MAX = 2 ** 26;
/** What an order costs beside its sites, in sites. */
const ORDER_OVERHEAD = 64;

/** @param routes for the policies that know networks; without them `network` is as `nearest` */
export function siteOrderOf(
  policy: SteeringPolicyConfig['policy'],
  sites: readonly Site[],
  proximity: Proximity,
  routes: { table: RouteTable; siteIds: readonly string[] } | null,
): SiteOrder {
  const heard = policy === 'nearest' || routes === null ? null : new HeardSites(sites, routes.table, routes.siteIds);
  return orderBy(policy, sites, new PlacedOrder(sites.length, proximity, heard));
}

/** What the policy makes of an order by place: itself, or one to compare with. */
export function orderBy(policy: SteeringPolicyConfig['policy'], sites: readonly Site[], placed: SiteOrder): SiteOrder {
  if (policy === 'network' || policy === 'nearest') return placed;
  return new ShuffledOrder(sites, placed, policy === 'round-robin');
}

/** What a coverage zone says; else as the client’s network hears the sites; else by distance; else as they are listed. */
class PlacedOrder implements SiteOrder {
  readonly #proximity: Proximity;
  readonly #heard: HeardSites | null;
  readonly #listed: Uint16Array;
  /** alike for every place */
  readonly #reasons: Record<'nearest-site' | 'default-place' | 'default-order', Uint8Array>;
  readonly #kept = new KeptByUse<Whereabouts, PlacedSites>(
    KEPT_SITES_MAX,
    ({ sites }) => sites.length + ORDER_OVERHEAD,
  );
  readonly #bare = new BarePlaces();
  /** who decides asks for the order once, and for each server's reason */
  #lastWhere: Whereabouts | null = null;
  #lastPlaced: PlacedSites | null = null;
  #version = 0;

  constructor(count: number, proximity: Proximity, heard: HeardSites | null) {
    this.#proximity = proximity;
    this.#heard = heard;
    this.#listed = Uint16Array.from({ length: count }, (_, index) => index);
    this.#reasons = {
      'nearest-site': filled(count, 'farther-site').fill(CODE['nearest-site'], 0, 1),
      'default-place': filled(count, 'default-place'),
      'default-order': filled(count, 'default-order'),
    };
  }

  order(place: ClientPlace): ArrayLike<number> {
    return this.placed(place).sites;
  }

  reason(place: ClientPlace, site: number, rank: number): PlaceReason {
    const { sites, reasons } = this.placed(place);
    return PLACE_REASONS[reasons[sites[rank] === site ? rank : sites.indexOf(site)]!]!;
  }

  known(): Iterable<Whereabouts> {
    return this.#kept.keys();
  }

  placed(place: ClientPlace): PlacedSites {
    if (this.#heard !== null && this.#version !== this.#heard.version) {
      this.#version = this.#heard.version;
      this.#kept.clear();
      this.#lastWhere = null;
    }
    const where = place.where ?? this.#bare.of(place);
    if (where === this.#lastWhere) return this.#lastPlaced!;
    let ranked = this.#kept.get(where);
    if (ranked === undefined) {
      ranked = this.#find(where);
      this.#kept.set(where, ranked);
    }
    this.#lastWhere = where;
    return (this.#lastPlaced = ranked);
  }

  #find(where: Whereabouts): PlacedSites {
    const { zone } = where;
    if (zone === null) return this.#withoutZone(where);
    const others = zone.position === null ? this.#withoutZone(where) : this.#near(zone.position, 'nearest-site');
    return inZone(zone, others);
  }

  #withoutZone(where: Whereabouts): PlacedSites {
    const { by, subscriber, country } = where;
    const heard = subscriber === null ? null : (this.#heard?.toward(subscriber) ?? null);
    if (heard !== null) return heard;
    const position = where.position ?? this.#proximity.positionOf(country, subscriber?.metro);
    if (position === null) return { sites: this.#listed, reasons: this.#reasons['default-order'] };
    return this.#near(position, by === 'default' ? 'default-place' : 'nearest-site');
  }

  #near(position: Position, reason: 'nearest-site' | 'default-place'): PlacedSites {
    return { sites: this.#proximity.near(position), reasons: this.#reasons[reason] };
  }
}

function filled(length: number, reason: (typeof PLACE_REASONS)[number]): Uint8Array {
  return new Uint8Array(length).fill(CODE[reason]);
}

/** The zone's own sites, whether the client’s network hears them or not: the operator knows better. */
function inZone(zone: ZoneSites, others: PlacedSites): PlacedSites {
  const named = new Set(zone.sites);
  const sites = [...named];
  const reasons = sites.map(() => CODE['coverage-zone']);
  if (!zone.only) {
    others.sites.forEach((site, rank) => {
      if (named.has(site)) return;
      sites.push(site);
      reasons.push(others.reasons[rank]!);
    });
  }
  return { sites: Uint16Array.from(sites), reasons: Uint8Array.from(reasons) };
}

/** Places of which no more is told than the fields of a client: the simulator has no other. As many as it has networks. */
class BarePlaces {
  readonly #subscribers = new Map<string, Map<string, Whereabouts>>();
  readonly #countries = new Map<string | null, Whereabouts>();

  of({ country, subscriber }: ClientPlace): Whereabouts {
    if (subscriber === undefined) return found(this.#countries, country, () => bare(country, null));
    const metros = found(this.#subscribers, subscriber.network, () => new Map<string, Whereabouts>());
    return found(metros, subscriber.metro, () => bare(country, { ...subscriber }));
  }
}

function bare(country: string | null, subscriber: Subscriber | null): Whereabouts {
  const by = subscriber !== null ? 'prefix' : country !== null ? 'country' : 'default';
  return { by, country, subscriber, position: null, zone: null };
}

function found<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Sites as networks hear them, in the order of routes; a site that does not hear the client’s prefix is no answer. */
class HeardSites {
  readonly #routes: RouteTable;
  /** from the route table’s sites to ours; −1 where we have none */
  readonly #sites: Int32Array;

  constructor(sites: readonly Site[], routes: RouteTable, siteIds: readonly string[]) {
    this.#routes = routes;
    const indexes = new Map(sites.map(({ id }, index) => [id, index]));
    this.#sites = Int32Array.from(siteIds, (id) => indexes.get(id) ?? -1);
  }

  get version(): number {
    return this.#routes.version;
  }

  /** @returns null where none of our sites hears of them */
  toward({ network, metro }: Subscriber): PlacedSites | null {
    const reached = this.#routes.sitesTo(network, metro);
    const sites = new Uint16Array(reached.sites.length);
    const reasons = new Uint8Array(sites.length);
    let count = 0;
    for (let at = 0; at < sites.length; at++) {
      const site = this.#sites[reached.sites[at]!]!;
      if (site < 0) continue;
      sites[count] = site;
      reasons[count++] = REACH_CODES[reached.reaches[at]!]!;
    }
    if (count === 0) return null;
    return count === sites.length
      ? { sites, reasons }
      : { sites: sites.slice(0, count), reasons: reasons.slice(0, count) };
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

  order(place: ClientPlace): ArrayLike<number> {
    const sites = Array.from(this.#reachable.order(place)).sort((a, b) => a - b);
    if (this.#inTurn) {
      const from = this.#turn++ % sites.length;
      return [...sites.slice(from), ...sites.slice(0, from)];
    }
    const points = new Map(sites.map((site) => [site, pointAt(place, stableHash(this.#names[site]!))]));
    return sites.sort((a, b) => points.get(a)! - points.get(b)! || a - b);
  }

  reason(): PlaceReason {
    return this.#inTurn ? 'in-turn' : 'by-chance';
  }

  placed(place: ClientPlace): PlacedSites {
    return this.#reachable.placed(place);
  }

  known(): Iterable<Whereabouts> {
    return this.#reachable.known();
  }
}

function pointAt({ client, session }: ClientPlace, siteHash: number): number {
  return session === undefined ? stableHash(client, siteHash) : mix32(session ^ siteHash);
}
