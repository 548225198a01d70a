import { distanceKm } from '../../topology/model/geography.ts';
import type { Position } from '../../topology/model/site.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { KeptByUse } from '../policy/kept-by-use.ts';
import { cellOf, type Subscriber } from '../policy/location/whereabouts.ts';

/** Where a network has subscribers. */
interface Presence extends Subscriber, Position {
  readonly country: string;
  readonly subscribers: number;
}

const KEPT_MAX = 65_536;

/** Whose subscriber somebody is of whom the AS number is known and, roughly, the place. */
export class SubscribersByAsn {
  readonly #presences = new Map<number, Presence[]>();
  readonly #asns = new Map<string, number>();
  readonly #found = new KeptByUse<string, { subscriber: Subscriber | null }>(KEPT_MAX);

  constructor(topology: Topology | null) {
    if (topology === null) return;
    const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
    for (const { id, asn } of topology.networks) {
      this.#asns.set(id, asn);
      if (!this.#presences.has(asn)) this.#presences.set(asn, []);
    }
    for (const { network, metro, subscribers } of topology.access) {
      const asn = this.#asns.get(network);
      const place = metros.get(metro);
      if (asn === undefined || place === undefined) continue;
      const { latitude, longitude, country } = place;
      this.#presences.get(asn)!.push({ network, metro, subscribers, latitude, longitude, country });
    }
  }

  asnOf(network: string): number | null {
    return this.#asns.get(network) ?? null;
  }

  /**
   * The network’s subscribers in the metro nearest to the place, of those in the country; where no place is known, in the
   * metro with most of them.
   * @returns null where the topology has no such network, or has it nowhere in the country
   */
  find(asn: number, country: string | null, near: Position | null): Subscriber | null {
    const presences = this.#presences.get(asn);
    if (presences === undefined || presences.length === 0) return null;
    const key = `${asn} ${country ?? ''} ${near === null ? '' : cellOf(near)}`;
    let found = this.#found.get(key);
    if (found === undefined) this.#found.set(key, (found = { subscriber: nearest(presences, country, near) }));
    return found.subscriber;
  }
}

function nearest(presences: readonly Presence[], country: string | null, near: Position | null): Subscriber | null {
  let best: Presence | null = null;
  let bestCost = Infinity;
  for (const presence of presences) {
    if (country !== null && presence.country !== country) continue;
    const cost = near === null ? -presence.subscribers : distanceKm(near, presence);
    if (cost < bestCost) [best, bestCost] = [presence, cost];
  }
  return best === null ? null : { network: best.network, metro: best.metro };
}
