import type { Site } from '../../../topology/model/site.ts';
import type { PlaceFields } from '../record/decision-record.ts';
import type { PlaceReason } from '../reasons.ts';
import type { ClientPlace, PlacedSites, SiteOrder } from '../location/site-order.ts';
import type { LocatedBy, Subscriber, Whereabouts, ZoneSites } from '../location/whereabouts.ts';

/** A place of a record, with as much of its order of sites as decisions looked at. */
export class RecordedPlace implements Whereabouts {
  readonly by: LocatedBy;
  readonly country: string | null;
  readonly subscriber: Subscriber | null;
  readonly position: { latitude: number; longitude: number } | null;
  /** its sites are in the order already */
  readonly zone: ZoneSites | null;
  /** sites of the whole order */
  readonly total: number;
  readonly sites: number[] = [];
  readonly reasons: PlaceReason[] = [];

  constructor(fields: PlaceFields, words: readonly string[]) {
    const { by, country, network, metro, latitude, longitude, zone, total } = fields;
    this.by = by;
    this.country = country;
    this.subscriber = network === null || metro === null ? null : { network, metro };
    this.position = latitude === null || longitude === null ? null : { latitude, longitude };
    this.zone = zone === null ? null : { id: zone, sites: [], only: false, position: null };
    this.total = total;
    this.goesOn(fields.sites, fields.reasons, words);
  }

  /** @param runs of equal reasons, each a number among the words and how many sites have it */
  goesOn(sites: readonly number[], runs: readonly number[], words: readonly string[]): void {
    this.sites.push(...sites);
    for (let at = 0; at + 1 < runs.length; at += 2) {
      for (let count = runs[at + 1]!; count > 0; count--) this.reasons.push(words[runs[at]!] as PlaceReason);
    }
  }
}

/**
 * The orders of a record, seen from sites that may be fewer: those that are gone are left out. A place that is asked for
 * beyond what was recorded ends there.
 */
export class RecordedOrder implements SiteOrder {
  /** by site of the record; −1: it is gone */
  readonly #siteNow: Int32Array;
  /** orders without what is gone, and how much of the place's they were made of */
  readonly #kept = new WeakMap<RecordedPlace, { of: number; sites: number[]; reasons: PlaceReason[] }>();
  readonly #isWhole: boolean;

  constructor(siteNow: Int32Array) {
    this.#siteNow = siteNow;
    this.#isWhole = siteNow.every((now, site) => now === site);
  }

  order(place: ClientPlace): ArrayLike<number> {
    return this.#ordered(place).sites;
  }

  reason(place: ClientPlace, site: number, rank: number): PlaceReason {
    const { sites, reasons } = this.#ordered(place);
    return reasons[sites[rank] === site ? rank : sites.indexOf(site)]!;
  }

  placed(): PlacedSites {
    throw new Error('a replayed order is not recorded again');
  }

  known(): Iterable<Whereabouts> {
    return [];
  }

  #ordered({ where }: ClientPlace): { sites: readonly number[]; reasons: readonly PlaceReason[] } {
    const place = where as RecordedPlace;
    if (this.#isWhole) return place;
    let kept = this.#kept.get(place);
    if (kept === undefined || kept.of !== place.sites.length) {
      const ranks = [...place.sites.keys()].filter((rank) => this.#siteNow[place.sites[rank]!]! >= 0);
      kept = {
        of: place.sites.length,
        sites: ranks.map((rank) => this.#siteNow[place.sites[rank]!]!),
        reasons: ranks.map((rank) => place.reasons[rank]!),
      };
      this.#kept.set(place, kept);
    }
    return kept;
  }
}

/** @returns by site: its number among those that are left, or −1 */
export function sitesLeft(before: readonly Pick<Site, 'id'>[], after: readonly Pick<Site, 'id'>[]): Int32Array {
  const numbers = new Map(after.map(({ id }, site) => [id, site]));
  return Int32Array.from(before, ({ id }) => numbers.get(id) ?? -1);
}
