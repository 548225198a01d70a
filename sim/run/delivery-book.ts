import { REACHES } from '../../topology/model/topology.ts';
import { KEY_KINDS } from '../actors/key-book.ts';
import { OUTCOME } from '../actors/cache-node.ts';
import type { World } from './assemble.ts';

/** What one server has sent to the subscribers of one place. */
export interface Pair {
  readonly server: number;
  readonly place: number;
  bytes: number;
  /** index into REACHES; −1 where routing knows no way any more */
  reach: number;
  /** the server stands in the best site of the place's network */
  isRank0: boolean;
  /** the topology's links that it comes over now */
  links: readonly number[];
  /** of the bytes, those that are in the links' books */
  linkedBytes: number;
}

/**
 * Bytes to viewers by place: how they came and whether from the best site. A miss of the best site is H (health or
 * capacity turned it away) when another site served; bytes on demand that the best site itself had to fill are C (the
 * content was not there) (reference: live delivery §4).
 */
export class DeliveryBook {
  readonly pairs = new Map<number, Pair>();
  /** by place */
  readonly bytes: Float64Array;
  readonly rank0Bytes: Float64Array;
  readonly healthMissBytes: Float64Array;
  readonly contentMissBytes: Float64Array;
  /** by place × reaches */
  readonly reachBytes: Float64Array;
  total = 0;
  rank0 = 0;
  healthMiss = 0;
  contentMiss = 0;
  /** by link and place: bytes that came over it, as far as they are booked */
  readonly #overLinks = new Map<number, Map<number, number>>();
  readonly #world: World;
  readonly #siteIndexes: readonly number[];
  /** by place: topology's index of its best site, for the version of ways that `#version` names */
  readonly #bestSites: Int32Array;
  #version: number;

  constructor(world: World) {
    this.#world = world;
    const count = world.places.length;
    this.bytes = new Float64Array(count);
    this.rank0Bytes = new Float64Array(count);
    this.healthMissBytes = new Float64Array(count);
    this.contentMissBytes = new Float64Array(count);
    this.reachBytes = new Float64Array(count * REACHES.length);
    this.#bestSites = new Int32Array(count).fill(-2);
    this.#version = world.ways.version;
    // Steering numbers only the sites that have edges.
    this.#siteIndexes = world.topology.sites.flatMap(({ servers }, index) =>
      servers.some(({ role }) => role === 'edge') ? [index] : [],
    );
  }

  delivered(place: number, server: number, key: number, outcome: number, bytes: number): void {
    const pair = this.#pair(place, server);
    pair.bytes += bytes;
    this.bytes[place]! += bytes;
    this.total += bytes;
    if (pair.reach >= 0) this.reachBytes[place * REACHES.length + pair.reach]! += bytes;
    if (!pair.isRank0) {
      this.healthMissBytes[place]! += bytes;
      this.healthMiss += bytes;
    } else if (this.#world.keys.kind(key) === KEY_KINDS.chunk && outcome >= OUTCOME.miss) {
      this.contentMissBytes[place]! += bytes;
      this.contentMiss += bytes;
    } else {
      this.rank0Bytes[place]! += bytes;
      this.rank0 += bytes;
    }
  }

  /** By the topology's link, then by place: bytes of answers that came over it, by the routes that they took. */
  bytesOverLinks(): ReadonlyMap<number, ReadonlyMap<number, number>> {
    for (const pair of this.pairs.values()) this.#bookLinks(pair);
    return this.#overLinks;
  }

  #bookLinks(pair: Pair): void {
    const bytes = pair.bytes - pair.linkedBytes;
    pair.linkedBytes = pair.bytes;
    if (bytes === 0) return;
    for (const link of pair.links) {
      let places = this.#overLinks.get(link);
      if (places === undefined) this.#overLinks.set(link, (places = new Map()));
      places.set(pair.place, (places.get(pair.place) ?? 0) + bytes);
    }
  }

  #pair(place: number, server: number): Pair {
    const { ways, places } = this.#world;
    if (this.#version !== ways.version) this.#refresh();
    const number = server * places.length + place;
    let pair = this.pairs.get(number);
    if (pair === undefined) {
      pair = { server, place, bytes: 0, reach: -1, isRank0: false, links: [], linkedBytes: 0 };
      this.#judge(pair);
      this.pairs.set(number, pair);
    }
    return pair;
  }

  #refresh(): void {
    this.#version = this.#world.ways.version;
    this.#bestSites.fill(-2);
    for (const pair of this.pairs.values()) {
      this.#bookLinks(pair);
      this.#judge(pair);
    }
  }

  #judge(pair: Pair): void {
    const { ways, caches } = this.#world;
    const route = ways.routeOf(pair.server, pair.place);
    pair.reach = route === null ? -1 : REACHES.indexOf(route.reach);
    pair.links = route === null ? [] : route.links.map((directed) => directed >> 1);
    pair.isRank0 = caches[pair.server]!.siteIndex === this.#bestSite(pair.place);
  }

  #bestSite(place: number): number {
    if (this.#bestSites[place] === -2) {
      const { places, ways, topology } = this.#world;
      const { network, metro } = places[place]!;
      const best = ways
        .routesTo(network, metro)
        .find(({ site }) => topology.sites[site]!.servers.some(({ role }) => role === 'edge'));
      this.#bestSites[place] = best?.site ?? this.#siteIndexes[0] ?? -1;
    }
    return this.#bestSites[place]!;
  }
}
