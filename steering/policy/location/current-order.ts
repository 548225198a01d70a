import type { PlaceReason } from '../reasons.ts';
import type { ClientPlace, PlacedSites, SiteOrder } from './site-order.ts';
import type { Whereabouts } from './whereabouts.ts';

/** The order in force: another takes its place when the topology has changed, between two questions. */
export class CurrentOrder implements SiteOrder {
  #order: SiteOrder;

  constructor(order: SiteOrder) {
    this.#order = order;
  }

  replace(order: SiteOrder): void {
    this.#order = order;
  }

  order(place: ClientPlace): ArrayLike<number> {
    return this.#order.order(place);
  }

  reason(place: ClientPlace, site: number, rank: number): PlaceReason {
    return this.#order.reason(place, site, rank);
  }

  placed(place: ClientPlace): PlacedSites {
    return this.#order.placed(place);
  }

  known(): Iterable<Whereabouts> {
    return this.#order.known();
  }
}
