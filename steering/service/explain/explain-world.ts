import type { Routing } from '../../../topology/model/routing.ts';
import type { Site } from '../../../topology/model/site.ts';
import { siteSpots, type SiteSpot } from './site-spots.ts';

/** An address to try. */
export interface ExampleAddress {
  address: string;
  label: string;
}

const MOST_EXAMPLES = 6;
const MOST_SITE_NAMES = 8;

/** What the page draws: places of sites, and addresses that a visitor may try. */
export class ExplainWorld {
  /** those of a topology have other names, not other places */
  readonly spots: readonly SiteSpot[];
  readonly #id: string;
  readonly #sites: readonly Site[];
  readonly #routing: () => Routing | null;
  #made: { routing: Routing | null; json: unknown } | null = null;

  constructor(id: string, sites: readonly Site[], routing: () => Routing | null) {
    this.#id = id;
    this.#sites = sites;
    this.#routing = routing;
    this.spots = siteSpots(sites);
  }

  /** The same object until there is another topology. */
  json(): unknown {
    const routing = this.#routing();
    if (this.#made === null || this.#made.routing !== routing) this.#made = { routing, json: this.#make(routing) };
    return this.#made.json;
  }

  /** Columns, for there may be thousands of them. */
  #make(routing: Routing | null) {
    const metroOf = metroNames(routing);
    const column = <Value>(valueOf: (spot: SiteSpot) => Value) => this.spots.map(valueOf);
    const names = (spot: SiteSpot) => spot.sites.map((site) => this.#sites[site]!.id);
    return {
      version: 1,
      id: this.#id,
      sites: this.#sites.length,
      servers: this.spots.reduce((sum, { servers }) => sum + servers, 0),
      capacityBps: this.spots.reduce((sum, { capacityBps }) => sum + capacityBps, 0),
      examples: routing === null ? [] : examplesOf(routing),
      spots: {
        name: column((spot) => nameOf(names(spot), metroOf)),
        latitude: column(({ latitude }) => latitude),
        longitude: column(({ longitude }) => longitude),
        sites: column(({ sites }) => sites.length),
        siteNames: column((spot) => names(spot).slice(0, MOST_SITE_NAMES)),
        servers: column(({ servers }) => servers),
        capacityBps: column(({ capacityBps }) => capacityBps),
      },
    };
  }
}

function metroNames(routing: Routing | null): ReadonlyMap<string, string> {
  const metros = new Map(routing?.topology.metros.map(({ id, name }) => [id, name ?? id]));
  return new Map(routing?.topology.sites.map(({ id, metro }) => [id, metros.get(metro)!]));
}

/** The place that the sites share; else the first of them, and how many others. */
function nameOf(sites: readonly string[], metroOf: ReadonlyMap<string, string>): string {
  const [first, ...others] = sites;
  const metro = metroOf.get(first!);
  if (metro !== undefined && others.every((site) => metroOf.get(site) === metro)) return metro;
  return others.length === 0 ? first! : `${first!} and ${others.length} more`;
}

/** One address in each of the largest access networks, each in another country. */
function examplesOf({ topology }: Routing): ExampleAddress[] {
  const prefixes = new Map<string, string>();
  for (const { prefix, network, metro } of topology.prefixes) {
    const key = `${network}/${metro}`;
    if (!prefixes.has(key)) prefixes.set(key, prefix);
  }
  const countries = new Map(topology.metros.map(({ id, country }) => [id, country]));
  const names = new Map(topology.networks.map(({ id, name }) => [id, name ?? id]));
  const metros = new Map(topology.metros.map(({ id, name }) => [id, name ?? id]));
  const examples = new Map<string, ExampleAddress>();
  for (const { network, metro } of topology.access.toSorted((a, b) => b.subscribers - a.subscribers)) {
    if (examples.size === MOST_EXAMPLES) break;
    const prefix = prefixes.get(`${network}/${metro}`);
    const country = countries.get(metro)!;
    if (prefix === undefined || examples.has(country)) continue;
    examples.set(country, { address: addressIn(prefix), label: `${names.get(network)!}, ${metros.get(metro)!}` });
  }
  return [...examples.values()];
}

/** The first address after a prefix's own. */
function addressIn(prefix: string): string {
  const [base] = prefix.split('/');
  if (base!.includes(':')) return base!.endsWith('::') ? `${base}1` : base!;
  const [a, b, c, d] = base!.split('.');
  return `${a}.${b}.${c}.${Number(d) + 1}`;
}
