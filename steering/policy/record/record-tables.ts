import { contentName } from '../content.ts';
import { namedText, placeMoreText, placeText } from './decision-record.ts';
import type { RankingRequest } from '../ranking.ts';
import type { PlacedSites, SiteOrder } from '../location/site-order.ts';

/** Sites of an order that are told at first: more are when a decision has looked further. */
const SITES_FIRST = 64;
export const ENTRIES_MAX = 65_536;
const TEXT_MAX = 8 * 2 ** 20;

/** Whoever knows a client’s place only by its network may take one place for that of several countries. */
interface ToldPlace {
  country: string | null;
  number: number;
  /** sites of its order */
  told: number;
}

/**
 * Places, contents and words get numbers when they are first used, and a line that tells what the number stands for. A
 * full table is emptied, all of them together, and numbers begin anew.
 */
export class RecordTables {
  readonly #order: SiteOrder;
  readonly #write: (text: string) => void;
  /** by the order itself: another object when something about it has changed */
  #places = new WeakMap<PlacedSites, ToldPlace[]>();
  #placeCount = 0;
  readonly #contents = new Map<string, number>();
  readonly #words = new Map<string, number>();
  /** lists are few, and the same objects again and again */
  #lists = new WeakMap<readonly string[], number>();
  #textLength = 0;

  constructor(order: SiteOrder, write: (text: string) => void) {
    this.#order = order;
    this.#write = write;
  }

  get isFull(): boolean {
    const entries = Math.max(this.#placeCount, this.#contents.size, this.#words.size);
    return entries >= ENTRIES_MAX || this.#textLength >= TEXT_MAX;
  }

  clear(): void {
    this.#places = new WeakMap();
    this.#lists = new WeakMap();
    this.#placeCount = 0;
    this.#contents.clear();
    this.#words.clear();
    this.#textLength = 0;
  }

  /** @param sitesUsed how far into the order of sites the decision has looked, as far as it matters */
  place(request: RankingRequest, sitesUsed: number, isWhole: boolean): number {
    const placed = this.#order.placed(request);
    const total = placed.sites.length;
    let those = this.#places.get(placed);
    if (those === undefined) this.#places.set(placed, (those = []));
    let known = those.find(({ country }) => country === request.country);
    if (known === undefined) {
      const told = isWhole ? total : Math.min(total, Math.max(SITES_FIRST, sitesUsed));
      known = { country: request.country, number: this.#placeCount++, told };
      those.push(known);
      this.#write(placeText(placeFields(known.number, request, placed, told)));
    } else if (sitesUsed > known.told) {
      const to = Math.min(total, Math.max(2 * known.told, sitesUsed));
      const sites = [...placed.sites.subarray(known.told, to)];
      this.#write(placeMoreText(known.number, sites, runsOf(placed.reasons.subarray(known.told, to))));
      known.told = to;
    }
    return known.number;
  }

  content(path: string): number {
    return this.#numberOf(this.#contents, 'c', contentName(path));
  }

  word(word: string): number {
    return this.#numberOf(this.#words, 'w', word);
  }

  /** A list of words is a word of its own. */
  list(words: readonly string[]): number {
    let number = this.#lists.get(words);
    if (number === undefined) this.#lists.set(words, (number = this.word(words.join(' '))));
    return number;
  }

  #numberOf(table: Map<string, number>, kind: 'c' | 'w', name: string): number {
    let number = table.get(name);
    if (number === undefined) {
      table.set(name, (number = table.size));
      this.#textLength += name.length;
      this.#write(namedText(kind, number, name));
    }
    return number;
  }
}

function placeFields(number: number, request: RankingRequest, { sites, reasons }: PlacedSites, told: number) {
  const { where, country, subscriber } = request;
  return {
    number,
    by: where?.by ?? (subscriber !== undefined ? 'prefix' : country !== null ? 'country' : 'default'),
    country,
    network: subscriber?.network ?? null,
    metro: subscriber?.metro ?? null,
    zone: where?.zone?.id ?? null,
    latitude: where?.position?.latitude ?? null,
    longitude: where?.position?.longitude ?? null,
    total: sites.length,
    sites: [...sites.subarray(0, told)],
    reasons: runsOf(reasons.subarray(0, told)),
  } as const;
}

function runsOf(values: Uint8Array): number[] {
  const runs: number[] = [];
  for (const value of values) {
    if (runs.at(-2) === value) runs[runs.length - 1]!++;
    else runs.push(value, 1);
  }
  return runs;
}
