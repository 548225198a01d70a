import type { GeoDatabases } from '../../topology/load/geo-mmdb.ts';
import type { GeoFacts } from '../../topology/load/geo-record.ts';
import { parseAddress } from '../../topology/model/ip-address.ts';
import type { Routing } from '../../topology/model/routing.ts';
import type { Position } from '../../topology/model/site.ts';
import type { CoverageZones, ZoneMatch } from '../policy/location/coverage-zones.ts';
import {
  CELLS,
  cellOf,
  centreOf,
  type Subscriber,
  type Whereabouts,
  type WhereaboutsTable,
} from '../policy/location/whereabouts.ts';
import { SubscribersByAsn } from './subscribers-by-asn.ts';

/** What is known of where an address is. */
export interface ClientLocation {
  address: string;
  /** ISO 3166-1, or null when it is unknown */
  country: string | null;
  /** whose subscriber it is, when an announced prefix says so, or the AS number that a database knows */
  subscriber?: Subscriber;
  /** all that the order of sites depends on; one object for all clients of a place */
  where: Whereabouts;
  /** of the network that announces the address */
  asn: number | null;
  /** ISO 3166-2, where a city database was asked and knows it */
  subdivision: string | null;
}

export interface Locator {
  /** @param address in canonical form; any other text is an address of which nothing is known */
  locate(address: string): ClientLocation;
}

/** How an address was located, for people: everything that has something to say of it. */
export interface LocationTrace {
  location: ClientLocation;
  /** all zones that it is in, the one that counts first */
  zones: ZoneMatch[];
  /** the longest announced prefix, when there is a topology: null where none covers it */
  prefix: { prefix: string; network: string; metro: string } | null;
  databases: { file: string; type: string; row: { prefix: string; facts: GeoFacts } | null }[];
}

export interface LocatorParts {
  databases: GeoDatabases;
  /** of the topology, where there is one */
  routing: Routing | null;
  zones: CoverageZones | null;
  /** where the people of a country are on average */
  countries: ReadonlyMap<string, Position>;
  /** where clients are taken to be of whom nothing is known; null: sites come as they are listed */
  defaultPosition: Position | null;
  places: WhereaboutsTable;
  /** whether others than zones want to know the subdivision of clients whose network is known already */
  needsSubdivisions?: boolean | undefined;
}

const NOTHING: GeoFacts = { country: null, subdivision: null, city: null, position: null, asn: null };

interface Place {
  readonly where: Whereabouts;
  readonly asn: number | null;
}

/**
 * Finds clients: by the longest announced prefix; else by the AS number that a database knows, where the topology has
 * that network; else by city, by country, by the stated default. A coverage zone that has the client overrides its order.
 */
export class ClientLocator implements Locator {
  readonly #parts: LocatorParts;
  readonly #byAsn: SubscribersByAsn;
  readonly #metros: ReadonlyMap<string, Position & { country: string }>;
  readonly #needsSubdivisions: boolean;
  /** by prefix of the topology */
  readonly #byPrefix: (Place | undefined)[] = [];
  /** by cell of the grid, beyond them without a position; then by country */
  readonly #bySpot = new Map<number, Map<string | null, Whereabouts>>();

  constructor(parts: LocatorParts) {
    this.#parts = parts;
    this.#needsSubdivisions = parts.needsSubdivisions === true || parts.zones?.usesSubdivisions === true;
    this.#byAsn = new SubscribersByAsn(parts.routing?.topology ?? null);
    this.#metros = new Map(parts.routing?.topology.metros.map((metro) => [metro.id, metro]));
  }

  locate(address: string): ClientLocation {
    const { routing, zones } = this.#parts;
    const parsed = parseAddress(address);
    const words = parsed.kind === 'address' ? parsed.words : null;
    const prefix = words === null || routing === null ? -1 : routing.prefixOf(words);
    const byPrefix = prefix < 0 ? null : this.#placeOfPrefix(prefix);
    const asked = words !== null && (byPrefix === null || this.#needsSubdivisions);
    const facts = asked ? this.#parts.databases.find(address) : NOTHING;
    const { where, asn } = byPrefix ?? this.#placeOf(facts);
    const { country, subscriber } = where;
    const { subdivision } = facts;
    const zone = words === null || zones === null ? null : zones.find(words, { asn, subdivision, country });
    return {
      address,
      country,
      ...(subscriber === null ? {} : { subscriber }),
      where: zone === null ? where : this.#parts.places.same({ ...where, zone }),
      asn,
      subdivision,
    };
  }

  /** The same, with all that was looked at and what it said. */
  trace(address: string): LocationTrace {
    const { routing, zones, databases } = this.#parts;
    const location = this.locate(address);
    const parsed = parseAddress(address);
    const words = parsed.kind === 'address' ? parsed.words : null;
    const prefix = words === null || routing === null ? -1 : routing.prefixOf(words);
    return {
      location,
      zones: words === null ? [] : (zones?.matches(words, location) ?? []),
      prefix: prefix < 0 ? null : routing!.topology.prefixes[prefix]!,
      databases: databases.list.map((database) => ({
        file: database.file,
        type: database.type,
        row: words === null ? null : database.row(address),
      })),
    };
  }

  #placeOfPrefix(prefix: number): Place {
    let place = this.#byPrefix[prefix];
    if (place === undefined) {
      const { network, metro } = this.#parts.routing!.topology.prefixes[prefix]!;
      const where = this.#subscriberPlace('prefix', { network, metro });
      this.#byPrefix[prefix] = place = { where, asn: this.#byAsn.asnOf(network) };
    }
    return place;
  }

  #subscriberPlace(by: 'prefix' | 'asn', subscriber: Subscriber): Whereabouts {
    const metro = this.#metros.get(subscriber.metro);
    const position = metro === undefined ? null : { latitude: metro.latitude, longitude: metro.longitude };
    return this.#parts.places.same({ by, country: metro?.country ?? null, subscriber, position, zone: null });
  }

  #placeOf(facts: GeoFacts): Place {
    const { country, position, asn } = facts;
    if (asn !== null) {
      const subscriber = this.#byAsn.find(asn, country, position ?? this.#positionOf(country));
      if (subscriber !== null) return { where: this.#subscriberPlace('asn', subscriber), asn };
    }
    return { where: this.#placeOfSpot(country, position), asn };
  }

  #placeOfSpot(country: string | null, position: Position | null): Whereabouts {
    const spot = position === null ? CELLS : cellOf(position);
    let places = this.#bySpot.get(spot);
    if (places === undefined) this.#bySpot.set(spot, (places = new Map<string | null, Whereabouts>()));
    let place = places.get(country);
    if (place === undefined) {
      place = this.#parts.places.same(this.#newPlace(country, position === null ? null : centreOf(spot)));
      places.set(country, place);
    }
    return place;
  }

  #newPlace(country: string | null, position: Position | null): Whereabouts {
    const rest = { country, subscriber: null, zone: null };
    if (position !== null) return { ...rest, by: 'city', position };
    if (this.#positionOf(country) !== null) return { ...rest, by: 'country', position: null };
    return { ...rest, by: 'default', position: this.#parts.defaultPosition };
  }

  #positionOf(country: string | null): Position | null {
    return (country === null ? undefined : this.#parts.countries.get(country)) ?? null;
  }
}
