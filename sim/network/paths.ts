const FIRST_SIZE = 64;

/** Lists of links as numbers: equal lists have the same number. Never forgotten: there are as many as routes in use. */
export class Paths {
  readonly #linkCount: number;
  #heads = new Int32Array(FIRST_SIZE).fill(-1);
  #chain = new Int32Array(FIRST_SIZE);
  /** `links` of path p lie from starts[p] to starts[p + 1] */
  starts = new Int32Array(FIRST_SIZE + 1);
  links = new Int32Array(FIRST_SIZE * 4);
  count = 0;
  /** links of the longest */
  longest = 0;

  constructor(linkCount: number) {
    this.#linkCount = linkCount;
  }

  /** @throws RangeError on a link that is not there or comes twice */
  intern(links: readonly number[]): number {
    const hash = hashOf(links);
    for (let path = this.#heads[hash & (this.#heads.length - 1)]!; path >= 0; path = this.#chain[path]!) {
      if (this.#equals(path, links)) return path;
    }
    for (const [place, link] of links.entries()) {
      if (!(Number.isInteger(link) && link >= 0 && link < this.#linkCount)) throw new RangeError(`no link ${link}`);
      if (links.indexOf(link) !== place) throw new RangeError(`a path crosses link ${link} twice`);
    }
    if (this.count === this.#chain.length) this.#grow();
    const path = this.count++;
    const start = this.starts[path]!;
    const end = start + links.length;
    if (end > this.links.length) {
      const longer = new Int32Array(Math.max(end, this.links.length * 2));
      longer.set(this.links);
      this.links = longer;
    }
    this.links.set(links, start);
    this.starts[path + 1] = end;
    this.longest = Math.max(this.longest, links.length);
    this.#enter(path, hash);
    return path;
  }

  of(path: number): number[] {
    return Array.from(this.links.subarray(this.starts[path], this.starts[path + 1]));
  }

  #equals(path: number, links: readonly number[]): boolean {
    const start = this.starts[path]!;
    if (this.starts[path + 1]! - start !== links.length) return false;
    for (let place = 0; place < links.length; place++) if (this.links[start + place] !== links[place]) return false;
    return true;
  }

  #enter(path: number, hash: number): void {
    const bucket = hash & (this.#heads.length - 1);
    this.#chain[path] = this.#heads[bucket]!;
    this.#heads[bucket] = path;
  }

  #grow(): void {
    const size = this.#chain.length * 2;
    const starts = new Int32Array(size + 1);
    starts.set(this.starts);
    this.starts = starts;
    this.#chain = new Int32Array(size);
    this.#heads = new Int32Array(size).fill(-1);
    for (let path = 0; path < this.count; path++) this.#enter(path, hashOf(this.of(path)));
  }
}

function hashOf(links: readonly number[]): number {
  let hash = links.length;
  for (const link of links) hash = Math.imul(hash ^ link, 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}
