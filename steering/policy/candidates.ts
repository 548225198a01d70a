/**
 * How a server stands to one session, the best first. A full one comes after those of which too little is known: it is
 * certain not to serve well.
 */
export const TIERS = { takes: 0, turnsAway: 1, doubtful: 2, full: 3, draining: 4, down: 5 } as const;

/** More are of no use: an answer names six. */
const KEPT_MAX = 64;
/** Of one site; so that a large one leaves room for others, and two sites are always there where two exist. */
const KEPT_OF_SITE_MAX = 8;

/** What a decision knows of a candidate, as bits; reasons are made of them when they are asked for. */
export const FLAGS = {
  standIn: 1,
  turnedAway: 2,
  spilled: 4,
  full: 8,
  overBound: 16,
  pathFails: 32,
  explored: 64,
  playsHere: 128,
} as const;

/** The best servers found so far for one session, in order, in memory that is used again for the next one. */
export class Candidates {
  readonly server = new Int32Array(KEPT_MAX);
  readonly site = new Int32Array(KEPT_MAX);
  /** place of the site in the client's order */
  readonly siteRank = new Int32Array(KEPT_MAX);
  /** place in the site's ring for this session, those over their bound after the others */
  readonly turn = new Int32Array(KEPT_MAX);
  readonly tier = new Uint8Array(KEPT_MAX);
  /** how far beyond its share the session is, or how full the server is; the least first */
  readonly excess = new Float64Array(KEPT_MAX);
  readonly flags = new Uint16Array(KEPT_MAX);
  count = 0;
  /** sites come one after the other: only the last one's kept servers have to be counted */
  #lastSite = -1;
  #keptOfLast = 0;

  clear(): void {
    this.count = 0;
    this.#lastSite = -1;
  }

  add(server: number, site: number, siteRank: number, turn: number, tier: number, excess: number, flags: number): void {
    let end = this.count;
    if (site !== this.#lastSite) {
      this.#lastSite = site;
      this.#keptOfLast = 0;
    }
    if (end === KEPT_MAX || this.#keptOfLast >= KEPT_OF_SITE_MAX) {
      const worst = this.#keptOfLast >= KEPT_OF_SITE_MAX ? this.#lastOf(site) : end - 1;
      if (!this.#isBefore(tier, excess, siteRank, turn, worst)) return;
      this.#remove(worst);
      end = this.count;
    }
    let at = end;
    while (at > 0 && this.#isBefore(tier, excess, siteRank, turn, at - 1)) at--;
    for (let to = end; to > at; to--) this.#move(to - 1, to);
    this.server[at] = server;
    this.site[at] = site;
    this.siteRank[at] = siteRank;
    this.turn[at] = turn;
    this.tier[at] = tier;
    this.excess[at] = excess;
    this.flags[at] = flags;
    this.count = end + 1;
    this.#keptOfLast++;
  }

  #isBefore(tier: number, excess: number, siteRank: number, turn: number, other: number): boolean {
    if (tier !== this.tier[other]!) return tier < this.tier[other]!;
    if (excess !== this.excess[other]!) return excess < this.excess[other]!;
    if (siteRank !== this.siteRank[other]!) return siteRank < this.siteRank[other]!;
    return turn < this.turn[other]!;
  }

  #lastOf(site: number): number {
    let at = this.count - 1;
    while (this.site[at] !== site) at--;
    return at;
  }

  #remove(at: number): void {
    if (this.site[at] === this.#lastSite) this.#keptOfLast--;
    for (let from = at + 1; from < this.count; from++) this.#move(from, from - 1);
    this.count--;
  }

  #move(from: number, to: number): void {
    this.server[to] = this.server[from]!;
    this.site[to] = this.site[from]!;
    this.siteRank[to] = this.siteRank[from]!;
    this.turn[to] = this.turn[from]!;
    this.tier[to] = this.tier[from]!;
    this.excess[to] = this.excess[from]!;
    this.flags[to] = this.flags[from]!;
  }
}
