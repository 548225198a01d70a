import type { Cdn, PriceTiers } from '../../../topology/model/cdns.ts';
import type { Footprint } from '../../../topology/model/footprint.ts';
import { parseAddress, parsePrefix } from '../../../topology/model/ip-address.ts';
import { PrefixTrie } from '../../../topology/model/prefix-trie.ts';

/** What is known of where a client is, in the words of footprints; what is not known lies in no footprint. */
export interface FootprintClient {
  /** ISO 3166-1 */
  country: string | null;
  /** ISO 3166-2 */
  subdivision?: string | null | undefined;
  asn?: number | null | undefined;
  address?: string | undefined;
}

/** One CDN as it stands to one class of clients. */
export interface CdnOffer {
  /** its number in the file */
  readonly cdn: number;
  readonly weight: number;
  readonly pricePerGB: number | PriceTiers | null;
  /** the region of the CDN that they are in */
  readonly region: string | null;
}

/** Clients to whom every CDN makes the same offer. */
export interface ClientClass {
  /** small whole numbers from 0 on */
  readonly number: number;
  readonly inside: readonly CdnOffer[];
  /** CDNs whose footprint they are outside of */
  readonly outside: readonly CdnOffer[];
}

/** More differ by chance or malice only; the last number is that of all further ones. */
const MOST_CLASSES = 1024;
const OUTSIDE = -2;

/** Which CDNs serve a client, and at what weight and price. */
export class CdnFootprints {
  readonly #cdns: readonly Cdn[];
  readonly #areas: readonly { footprint: Area | null; regions: readonly Area[] }[];
  readonly #byPrefix: boolean;
  /** by the place of the client at each CDN */
  readonly #classes = new Map<string, ClientClass>();
  readonly list: ClientClass[] = [];

  constructor(cdns: readonly Cdn[]) {
    this.#cdns = cdns;
    this.#areas = cdns.map(({ footprint, regions }) => ({
      footprint: footprint === undefined ? null : new Area(footprint),
      regions: regions.map((region) => new Area(region.footprint)),
    }));
    const areas = this.#areas.flatMap(({ footprint, regions }) => (footprint ? [footprint, ...regions] : regions));
    this.#byPrefix = areas.some(({ hasPrefixes }) => hasPrefixes);
  }

  classOf(client: FootprintClient): ClientClass {
    const parsed = this.#byPrefix && client.address !== undefined ? parseAddress(client.address) : null;
    const words = parsed?.kind === 'address' ? parsed.words : null;
    let key = '';
    for (const { footprint, regions } of this.#areas) {
      const outside = footprint !== null && !footprint.has(client, words);
      key += `${outside ? OUTSIDE : regions.findIndex((region) => region.has(client, words))} `;
    }
    return this.#classes.get(key) ?? this.#make(key);
  }

  #make(key: string): ClientClass {
    const places = key.trimEnd().split(' ').map(Number);
    const offers = this.#cdns.map((cdn, number): CdnOffer => {
      const at = places[number]!;
      const region = at >= 0 ? cdn.regions[at]! : null;
      return {
        cdn: number,
        weight: region?.weight ?? cdn.weight,
        pricePerGB: region?.pricePerGB ?? cdn.pricePerGB ?? null,
        region: region?.id ?? null,
      };
    });
    const isOutside = ({ cdn }: CdnOffer) => places[cdn] === OUTSIDE;
    const number = Math.min(this.list.length, MOST_CLASSES - 1);
    const made = { number, inside: offers.filter((offer) => !isOutside(offer)), outside: offers.filter(isOutside) };
    if (this.list.length === MOST_CLASSES) return made;
    this.#classes.set(key, made);
    this.list.push(made);
    return made;
  }
}

class Area {
  readonly hasPrefixes: boolean;
  readonly #countries: ReadonlySet<string>;
  readonly #subdivisions: ReadonlySet<string>;
  readonly #asns: ReadonlySet<number>;
  readonly #prefixes = new PrefixTrie();

  constructor({ countrycode, subdivisioncode, asn, ipv4cidr = [], ipv6cidr = [] }: Footprint) {
    this.#countries = new Set(countrycode);
    this.#subdivisions = new Set(subdivisioncode);
    this.#asns = new Set(asn);
    for (const text of [...ipv4cidr, ...ipv6cidr]) {
      const prefix = parsePrefix(text);
      if (prefix.kind === 'prefix') this.#prefixes.insert(prefix.words, prefix.length, 0);
    }
    this.hasPrefixes = this.#prefixes.size > 0;
  }

  has({ country, subdivision, asn }: FootprintClient, words: readonly number[] | null): boolean {
    return (
      (country !== null && this.#countries.has(country)) ||
      (typeof subdivision === 'string' && this.#subdivisions.has(subdivision)) ||
      (typeof asn === 'number' && this.#asns.has(asn)) ||
      (words !== null && this.#prefixes.lookup(words) >= 0)
    );
  }
}
