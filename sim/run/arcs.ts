import type { World } from './assemble.ts';
import type { DeliveryBook } from './delivery-book.ts';
import type { Arc, ArcEnd } from './result.ts';

const MOST_ARCS = 400;
/** What stays within a metro is no arc. */
const INSIDE = -1;

/** Who sent to whom, by pairs of metros or regions: bytes in all, and the rate of the busiest step. */
export class ArcBook {
  readonly #world: World;
  readonly #deliveries: DeliveryBook;
  readonly #metros: ReadonlyMap<string, ArcEnd>;
  readonly #arcs: Arc[] = [];
  readonly #named = new Map<string, number>();
  /** by server and place, and by server and server that it filled from: which arc they belong to */
  readonly #ofPair = new Map<number, number>();
  readonly #ofFill = new Map<number, number>();
  /** by arc: bytes when the step began */
  readonly #before: number[] = [];
  #atMs = 0;

  constructor(world: World, deliveries: DeliveryBook) {
    this.#world = world;
    this.#deliveries = deliveries;
    this.#metros = new Map(
      world.topology.metros.map(({ id, name, latitude, longitude }) => [id, { name: name ?? id, latitude, longitude }]),
    );
  }

  /** The step is over. */
  closeStep(nowMs: number): void {
    this.#count();
    const seconds = Math.max(0.001, (nowMs - this.#atMs) / 1000);
    this.#atMs = nowMs;
    this.#arcs.forEach((arc, index) => {
      arc.peakBps = Math.max(arc.peakBps, ((arc.bytes - (this.#before[index] ?? 0)) * 8) / seconds);
      this.#before[index] = arc.bytes;
    });
  }

  /** The largest first. */
  arcs(): Arc[] {
    this.#count();
    return this.#arcs
      .filter(({ bytes }) => bytes > 0)
      .map((arc) => ({ ...arc }))
      .sort((a, b) => b.bytes - a.bytes || (nameOf(a) < nameOf(b) ? -1 : 1))
      .slice(0, MOST_ARCS);
  }

  #count(): void {
    const { caches, places } = this.#world;
    for (const arc of this.#arcs) arc.bytes = 0;
    for (const { server, place, bytes } of this.#deliveries.pairs.values()) {
      const pair = server * places.length + place;
      let arc = this.#ofPair.get(pair);
      if (arc === undefined) {
        arc = this.#arc('delivery', this.#metroOf(server), this.#metros.get(places[place]!.metro)!);
        this.#ofPair.set(pair, arc);
      }
      if (arc !== INSIDE) this.#arcs[arc]!.bytes += bytes;
    }
    caches.forEach(({ node }, to) => {
      for (const [from, bytes] of node.filledBytesFrom) {
        const pair = to * (caches.length + this.#world.origins.length) + from;
        let arc = this.#ofFill.get(pair);
        if (arc === undefined) {
          const kind = from < caches.length ? 'fill' : 'origin';
          arc = this.#arc(kind, kind === 'fill' ? this.#metroOf(from) : this.#regionOf(from), this.#metroOf(to));
          this.#ofFill.set(pair, arc);
        }
        if (arc !== INSIDE) this.#arcs[arc]!.bytes += bytes;
      }
    });
  }

  #arc(kind: Arc['kind'], from: ArcEnd, to: ArcEnd): number {
    if (from.latitude === to.latitude && from.longitude === to.longitude) return INSIDE;
    const name = nameOf({ kind, from, to });
    let index = this.#named.get(name);
    if (index === undefined) {
      index = this.#arcs.push({ kind, from, to, bytes: 0, peakBps: 0 }) - 1;
      this.#named.set(name, index);
    }
    return index;
  }

  #metroOf(server: number): ArcEnd {
    return this.#metros.get(this.#world.caches[server]!.site.metro)!;
  }

  #regionOf(server: number): ArcEnd {
    const { topology, origins, caches } = this.#world;
    const region = topology.regions.find(({ id }) => id === origins[server - caches.length]!.region)!;
    return { name: region.name ?? region.id, latitude: region.latitude, longitude: region.longitude };
  }
}

/** Two places may have one name. */
function nameOf({ kind, from, to }: Pick<Arc, 'kind' | 'from' | 'to'>): string {
  return [from.name, to.name, from.latitude, from.longitude, to.latitude, to.longitude, kind].join(' ');
}
