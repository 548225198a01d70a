import { distanceKm } from '../model/geography.ts';
import type { Position } from '../model/site.ts';
import { latencyMs } from '../model/way.ts';
import { CLOUD_REGIONS, nearest } from './geography-groups.ts';
import { linkNames } from './link-names.ts';
import { addLoad } from './load.ts';
import type { ExchangePlan, LinkPlan, MetroPlan, NetworkPlan, SitePlan } from './plan.ts';
import type { ReachTiers } from './reach.ts';
import { LIVE_FILL_BPS, ON_DEMAND_FILL_SHARE } from './sizing.ts';

/** Wavelengths of one’s own run straighter than what the public paths of a topology are given (1.5). */
export const BACKBONE_STRETCH = 1.2;
export const PATH_STRETCH = 1.5;

/** Each exchange is joined to so many of its nearest, beyond the ring. */
const NEAREST = 2;
const LINKS_OF_A_REGION = 2;

/**
 * Our own network: a ring through all exchanges, so that losing one leaves the others joined; the nearest of each; a
 * mesh of the shields; the cloud regions. Sites of one exchange are a ring of their own.
 */
export class FillNetwork {
  readonly links: LinkPlan[] = [];
  readonly #sites: readonly SitePlan[];
  readonly #metros: readonly MetroPlan[];
  readonly #networks: readonly NetworkPlan[];
  /** ends of each link: sites, then regions */
  readonly #ends: (readonly [number, number])[] = [];
  readonly #ms: number[] = [];
  readonly #at: number[][];

  /** @param sites exchange sites first */
  constructor(
    sites: readonly SitePlan[],
    exchanges: readonly ExchangePlan[],
    metros: readonly MetroPlan[],
    networks: readonly NetworkPlan[],
    shields: readonly number[],
  ) {
    this.#sites = sites;
    this.#metros = metros;
    this.#networks = networks;
    this.#at = Array.from({ length: sites.length + CLOUD_REGIONS.length }, () => []);
    const groups = exchanges.map((_, exchange) =>
      sites.flatMap((site, index) => (site.exchange === exchange ? [index] : [])),
    );
    const hubs = groups.map((group) => group[0]!);
    const tour = this.#tour(hubs);
    tour.forEach((hub, place) => this.#join(hub, tour[(place + 1) % tour.length]!));
    for (const hub of hubs) for (const other of this.#nearestTo(hub, hubs, NEAREST)) this.#join(hub, other);
    for (const group of groups) {
      group.forEach((site, place) => this.#join(site, group[(place + 1) % group.length]!));
      // The second site leads out too, should the first be lost.
      if (group.length > 1 && hubs.length > 1) this.#join(group[1]!, this.#nearestTo(group[0]!, hubs, 1)[0]!);
    }
    for (const shield of shields) for (const other of shields) this.#join(shield, other);
    CLOUD_REGIONS.forEach((_, region) => {
      const node = sites.length + region;
      for (const hub of this.#nearestTo(node, hubs, LINKS_OF_A_REGION)) this.#join(hub, node);
    });
  }

  /**
   * Adds what the fills at the peak load links with: live and a share of on-demand from the nearest shield to each site
   * (into an ISP by the exchange site that makes the way shortest, as routing has it), and from any region to the shields.
   * @returns bits per second that each shield sends, by place in `shields`
   */
  addFills(
    siteLoad: Float64Array,
    shields: readonly number[],
    tiers: ReachTiers,
    links: Map<string, number>,
  ): number[] {
    const spreads = shields.map((shield) => this.#spread(shield));
    const exchangeSites = this.#sites.flatMap(({ kind }, index) => (kind === 'ix' ? [index] : []));
    const nearestShield = this.#sites.map((_, site) => {
      let best = 0;
      spreads.forEach(({ ms }, at) => {
        if (ms[site]! < spreads[best]!.ms[site]!) best = at;
      });
      return best;
    });
    const sent = shields.map(() => 0);
    this.#sites.forEach(({ id, kind, host }, site) => {
      const fill = LIVE_FILL_BPS + ON_DEMAND_FILL_SHARE * siteLoad[site]!;
      let entry = site;
      if (kind === 'embedded') {
        let least = Infinity;
        for (const from of exchangeSites) {
          const ms =
            spreads[nearestShield[from]!]!.ms[from]! +
            latencyMs(this.#position(from), this.#position(site), PATH_STRETCH);
          if (ms < least) [least, entry] = [ms, from];
        }
        for (const link of linksInto(tiers, host, entry)) addLoad(links, link, fill);
        addLoad(links, linkNames.private(id, this.#networks[host]!.id), fill);
      }
      const shield = nearestShield[entry]!;
      sent[shield]! += fill;
      this.#addAlong(spreads[shield]!, entry, fill, links);
    });
    shields.forEach((_, at) => {
      const intake = LIVE_FILL_BPS + 0.2 * sent[at]!;
      CLOUD_REGIONS.forEach((_, region) => this.#addAlong(spreads[at]!, this.#sites.length + region, intake, links));
    });
    return sent;
  }

  #addAlong({ via }: { via: Int32Array }, node: number, bps: number, links: Map<string, number>): void {
    for (let at = node; via[at]! >= 0; at = this.#other(via[at]!, at)) addLoad(links, this.links[via[at]!]!.id, bps);
  }

  #other(link: number, node: number): number {
    const [from, to] = this.#ends[link]!;
    return from === node ? to : from;
  }

  /** Dijkstra’s algorithm over sites and regions; fine for the few thousand there are. */
  #spread(start: number): { ms: Float64Array; via: Int32Array } {
    const ms = new Float64Array(this.#at.length).fill(Infinity);
    const via = new Int32Array(this.#at.length).fill(-1);
    const open = new Set([start]);
    ms[start] = 0;
    while (open.size > 0) {
      let node = -1;
      for (const candidate of open) if (node === -1 || ms[candidate]! < ms[node]!) node = candidate;
      open.delete(node);
      for (const link of this.#at[node]!) {
        const next = this.#other(link, node);
        if (ms[node]! + this.#ms[link]! >= ms[next]!) continue;
        ms[next] = ms[node]! + this.#ms[link]!;
        via[next] = link;
        open.add(next);
      }
    }
    return { ms, via };
  }

  #join(from: number, to: number): void {
    if (from === to || this.#at[from]!.some((link) => this.#other(link, from) === to)) return;
    const ms = Math.round(latencyMs(this.#position(from), this.#position(to), BACKBONE_STRETCH) * 100) / 100;
    const [a, b] = [this.#endpoint(from), this.#endpoint(to)];
    const link = this.links.push({
      id: linkNames.backbone(a.id, b.id),
      kind: 'backbone',
      from: `${a.kind}:${a.id}`,
      to: `${b.kind}:${b.id}`,
      latencyMs: ms,
      price: 0,
    });
    this.#ends.push([from, to]);
    this.#ms.push(ms);
    this.#at[from]!.push(link - 1);
    this.#at[to]!.push(link - 1);
  }

  #endpoint(node: number): { kind: string; id: string } {
    if (node < this.#sites.length) return { kind: 'site', id: this.#sites[node]!.id };
    return { kind: 'region', id: CLOUD_REGIONS[node - this.#sites.length]!.id };
  }

  #position(node: number): Position {
    return node < this.#sites.length
      ? this.#metros[this.#sites[node]!.metro]!
      : CLOUD_REGIONS[node - this.#sites.length]!;
  }

  #nearestTo(node: number, hubs: readonly number[], count: number): number[] {
    const km = (hub: number) => distanceKm(this.#position(node), this.#position(hub));
    return hubs
      .filter((hub) => hub !== node)
      .map((hub) => ({ hub, km: km(hub) }))
      .sort((a, b) => a.km - b.km || a.hub - b.hub)
      .slice(0, count)
      .map(({ hub }) => hub);
  }

  /** A short round trip: always to the nearest not yet seen, then crossings are undone (2-opt) until none shortens it. */
  #tour(hubs: readonly number[]): number[] {
    const left = new Set(hubs);
    const tour: number[] = [];
    for (let at = hubs[0]; at !== undefined;) {
      tour.push(at);
      left.delete(at);
      const rest = [...left];
      at =
        rest.length === 0
          ? undefined
          : rest[
              nearest(
                this.#position(at),
                rest.map((hub) => this.#position(hub)),
              )
            ];
    }
    const km = (a: number, b: number) =>
      distanceKm(this.#position(tour[a % tour.length]!), this.#position(tour[b % tour.length]!));
    for (let better = true, rounds = 0; better && rounds < 20; rounds++) {
      better = false;
      for (let from = 0; from < tour.length - 2; from++) {
        for (let to = from + 2; to < tour.length - (from === 0 ? 1 : 0); to++) {
          if (km(from, to) + km(from + 1, to + 1) >= km(from, from + 1) + km(to, to + 1) - 1e-6) continue;
          tour.splice(from + 1, to - from, ...tour.slice(from + 1, to + 1).reverse());
          better = true;
        }
      }
    }
    return tour;
  }
}

function linksInto(tiers: ReachTiers, host: number, from: number): readonly string[] {
  for (const tier of tiers.of(host)) if (tier.sites.includes(from)) return tier.linksFrom(from);
  return [];
}
