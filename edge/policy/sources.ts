import { HashRing } from '../../topology/model/ring.ts';

/** Where fills may come from: the neighbours of the site, then the servers of the tier above, best first. */
export interface SourceLayout {
  /** this node's name */
  self: string;
  /** names of all edges of the site, this one included; fewer than two: no neighbours */
  site: readonly string[];
  /** how many servers of the tier above there are */
  upstreams: number;
}

/** How often a failing source's time out is doubled at most: 1 s becomes 8 s. */
const DOUBLINGS_MAX = 3;

/**
 * Inside a site one edge owns a key and fills it from above; the others fill from the owner, and when it is down from
 * the next on the ring. Sources are numbered: 0 … upstreams−1 the tier above, then the site's members in ring order
 * of names.
 */
export class Sources {
  readonly layout: SourceLayout;
  readonly #ring: HashRing | null;
  readonly #downUntilMs: Float64Array;
  readonly #failures: Uint8Array;
  readonly #downMs: number;

  constructor(layout: SourceLayout, downMs: number) {
    this.layout = layout;
    this.#ring = layout.site.length > 1 ? new HashRing(layout.site) : null;
    const count = layout.upstreams + (this.#ring?.nodes.length ?? 0);
    this.#downUntilMs = new Float64Array(count);
    this.#failures = new Uint8Array(count);
    this.#downMs = downMs;
  }

  /** The site member behind a source number, or null for one of the tier above. */
  neighbour(source: number): string | null {
    return this.#ring?.nodes[source - this.layout.upstreams] ?? null;
  }

  /**
   * The source to try now, or −1 when all have been tried. Whoever is asked by a neighbour goes straight up, so that
   * two edges that disagree about who is down cannot ask each other in circles.
   * @param tried the sources this fill has tried
   */
  choose(keyHash: number, fromTier: boolean, tried: readonly number[], nowMs: number): number {
    if (this.#ring !== null && !fromTier) {
      for (const owner of this.#ring.owners(keyHash, this.#ring.nodes.length)) {
        if (owner === this.layout.self) break;
        const source = this.layout.upstreams + this.#ring.nodes.indexOf(owner);
        if (!tried.includes(source) && nowMs >= this.#downUntilMs[source]!) return source;
      }
    }
    return this.#chooseUpstream(tried, nowMs);
  }

  /** The first that is up; else, since refusing without trying helps nobody, the first not yet tried. */
  #chooseUpstream(tried: readonly number[], nowMs: number): number {
    let untried = -1;
    for (let source = 0; source < this.layout.upstreams; source++) {
      if (tried.includes(source)) continue;
      if (nowMs >= this.#downUntilMs[source]!) return source;
      if (untried < 0) untried = source;
    }
    return untried;
  }

  failed(source: number, nowMs: number): void {
    const doublings = Math.min(this.#failures[source]!, DOUBLINGS_MAX);
    this.#downUntilMs[source] = nowMs + this.#downMs * 2 ** doublings;
    if (this.#failures[source]! < 255) this.#failures[source]!++;
  }

  answered(source: number): void {
    this.#failures[source] = 0;
    this.#downUntilMs[source] = 0;
  }
}
