import { distanceKm } from './geography.ts';
import type { Position } from './site.ts';
import type { DirectedLink } from './topology.ts';

/** Light in glass: 1.47 times slower than in vacuum, some 204,000 km/s; 200 km a millisecond is the usual figure. */
const KM_PER_MS = 200;

/** One way along the great circle, of which a fibre path is `pathStretch` times the length. */
export function latencyMs(a: Position, b: Position, pathStretch: number): number {
  return (distanceKm(a, b) * pathStretch) / KM_PER_MS;
}

/**
 * A way put together link by link, and its latency: the sum of what its links state; and for each stretch between two
 * places on the way (sites, exchanges, regions, subscribers; networks are everywhere) of which a link states nothing, the
 * great circle from place to place, stretched.
 */
export class Way {
  readonly links: DirectedLink[] = [];
  readonly #pathStretch: number;
  /** all but the stretches before the first place and after the last */
  #ms = 0;
  #first: Position | null = null;
  #firstOpen = false;
  #last: Position | null = null;
  /** since the last place a link stated no latency */
  #open = false;

  constructor(pathStretch: number) {
    this.#pathStretch = pathStretch;
  }

  get oneWayMs(): number {
    return this.#ms;
  }

  link(directed: DirectedLink, statedMs: number | undefined): this {
    this.links.push(directed);
    if (statedMs === undefined) this.#open = true;
    else this.#ms += statedMs;
    return this;
  }

  /** Between two networks of which the topology does not say how they are joined. */
  gap(): this {
    this.#open = true;
    return this;
  }

  at(position: Position): this {
    if (this.#last === null) {
      this.#first = position;
      this.#firstOpen = this.#open;
    } else if (this.#open) {
      this.#ms += latencyMs(this.#last, position, this.#pathStretch);
    }
    this.#last = position;
    this.#open = false;
    return this;
  }

  /** Continued by another way, which comes past a place. */
  append(rest: Way): this {
    this.links.push(...rest.links);
    this.#ms = this.msWith(rest);
    this.#last = rest.#last;
    this.#open = rest.#open;
    return this;
  }

  /** Latency of this way, which comes past a place, followed by the other, which does too. */
  msWith(rest: Way): number {
    const between = this.#open || rest.#firstOpen ? latencyMs(this.#last!, rest.#first!, this.#pathStretch) : 0;
    return this.#ms + between + rest.#ms;
  }
}

/** The same way travelled back. */
export function reversed(links: readonly DirectedLink[]): DirectedLink[] {
  return links.map((directed) => directed ^ 1).reverse();
}
