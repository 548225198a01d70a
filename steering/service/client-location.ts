import type { CountryDatabase } from '../../topology/load/country-mmdb.ts';
import type { Routing } from '../../topology/model/routing.ts';

/** What is known of where an address is. */
export interface ClientLocation {
  address: string;
  /** ISO 3166-1, or null when it is unknown */
  country: string | null;
  /** whose subscriber it is, when an announced prefix says so */
  subscriber?: { network: string; metro: string };
}

/** Finds clients by the longest announced prefix, and by the country database where none covers them. */
export class ClientLocator {
  readonly #countries: CountryDatabase;
  readonly #routing: Routing | null;
  readonly #countryOfMetro: ReadonlyMap<string, string>;

  /** @param routing of the topology, where there is one */
  constructor(countries: CountryDatabase, routing: Routing | null) {
    this.#countries = countries;
    this.#routing = routing;
    this.#countryOfMetro = new Map(routing?.topology.metros.map(({ id, country }) => [id, country]));
  }

  locate(address: string): ClientLocation {
    const found = this.#routing?.locate(address) ?? null;
    if (found === null) return { address, country: this.#countries.countryOf(address) };
    const { network, metro } = found;
    return { address, country: this.#countryOfMetro.get(metro) ?? null, subscriber: { network, metro } };
  }
}
