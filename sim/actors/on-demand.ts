import type { Engine } from '../engine/engine.ts';
import { type Random, WeightedChoice, zipfWeights } from '../engine/random.ts';
import type { Catalogue, KeyBook } from './key-book.ts';
import type { SteeringDesk } from './steering-desk.ts';
import type { Ways } from './ways.ts';
import type { Wire, WireAsker } from './wire.ts';

export interface OnDemandOptions {
  viewers: number;
  alpha: number;
  chunkSeconds: number;
}

export interface OnDemandWorld {
  engine: Engine;
  wire: Wire;
  ways: Ways;
  keys: KeyBook;
  desk: SteeringDesk;
  serverOf: ReadonlyMap<string, number>;
  places: readonly { country: string; network: string; metro: string }[];
  /** where a viewer lives, and its access line */
  draw: () => { place: number; accessBps: number };
  delivered: (place: number, server: number, key: number, outcome: number, bytes: number) => void;
}

/** A chunk that has not come by then is given up, as players do with segments. */
const TIMEOUT_MS = 8000;
const NOTHING = -1;

/**
 * The background: so many people who watch titles, chosen by Zipf's law, a chunk each few seconds and no adaptation. Who
 * comes to the end of a title takes another one. Nobody asks for a chunk while the one before is still coming, so that a
 * full link has no more of their transfers than there are people. They load caches and links as the event does, and are
 * not reported on.
 */
export class OnDemand implements WireAsker {
  chunksAsked = 0;
  chunksFailed = 0;
  readonly #world: OnDemandWorld;
  readonly #catalogue: Catalogue;
  readonly #random: Random;
  readonly #titles: WeightedChoice;
  readonly #kind: number;
  readonly #places: Int32Array;
  readonly #accessBps: Float64Array;
  readonly #title: Int32Array;
  readonly #chunk: Int32Array;
  readonly #choice: Uint8Array;
  readonly #nominalBps: number;
  /** what is coming, or NOTHING */
  readonly #exchange: Int32Array;
  readonly #servers: number[][] = [];

  constructor(options: OnDemandOptions, catalogue: Catalogue, random: Random, world: OnDemandWorld) {
    const { viewers, alpha, chunkSeconds } = options;
    this.#world = world;
    this.#catalogue = catalogue;
    this.#random = random;
    this.#titles = new WeightedChoice(zipfWeights(catalogue.chunks.length, alpha));
    this.#kind = world.wire.addAskers(this, false);
    this.#places = new Int32Array(viewers);
    this.#accessBps = new Float64Array(viewers);
    this.#title = new Int32Array(viewers);
    this.#chunk = new Int32Array(viewers);
    this.#choice = new Uint8Array(viewers);
    this.#nominalBps = (catalogue.chunkBytes * 8) / chunkSeconds;
    this.#exchange = new Int32Array(viewers).fill(NOTHING);
    const { timers, nowMs } = world.engine;
    const kind = timers.kind((viewer, timer, atMs) => {
      this.#next(viewer);
      timers.set(timer, atMs + chunkSeconds * 1000);
    });
    for (let viewer = 0; viewer < viewers; viewer++) {
      const { place, accessBps } = world.draw();
      this.#places[viewer] = place;
      this.#accessBps[viewer] = accessBps;
      this.#servers.push([]);
      this.#choose(viewer);
      // They have been watching for some time.
      this.#chunk[viewer] = random.index(catalogue.chunks[this.#title[viewer]!]!);
      timers.set(timers.make(kind, viewer), nowMs + chunkSeconds * 1000 * random.uniform());
    }
  }

  head(): void {}

  done(exchange: number): void {
    const { wire } = this.#world;
    const viewer = wire.asker[exchange]!;
    this.#exchange[viewer] = NOTHING;
    this.#book(viewer, exchange, wire.sizeBytes[exchange]!);
  }

  failed(exchange: number): void {
    this.#fails(this.#world.wire.asker[exchange]!);
  }

  #next(viewer: number): void {
    if (this.#exchange[viewer] !== NOTHING && !this.#givesUp(viewer)) return;
    const title = this.#title[viewer]!;
    if (this.#chunk[viewer]! >= this.#catalogue.chunks[title]!) {
      this.#choose(viewer);
      this.#chunk[viewer] = 0;
    }
    const { wire, ways, keys } = this.#world;
    const servers = this.#serversOf(viewer);
    // Without a word from steering there is nobody to ask.
    if (servers.length === 0) return;
    const server = servers[this.#choice[viewer]! % servers.length]!;
    const key = keys.chunk(this.#title[viewer]!, this.#chunk[viewer]!++);
    this.chunksAsked++;
    const way = ways.toPlace(server, this.#places[viewer]!);
    this.#exchange[viewer] = wire.ask(this.#kind, viewer, 0, server, key, way, 0, this.#accessBps[viewer]!, Infinity);
  }

  /** @returns whether what is coming had taken too long */
  #givesUp(viewer: number): boolean {
    const { wire, engine } = this.#world;
    const exchange = this.#exchange[viewer]!;
    if (engine.nowMs - wire.askedMs[exchange]! < TIMEOUT_MS) return false;
    this.#fails(viewer);
    this.#book(viewer, exchange, wire.cancel(exchange));
    return true;
  }

  #fails(viewer: number): void {
    this.#exchange[viewer] = NOTHING;
    this.chunksFailed++;
    this.#choice[viewer]!++;
  }

  #book(viewer: number, exchange: number, bytes: number): void {
    const { wire, delivered } = this.#world;
    if (bytes > 0)
      delivered(this.#places[viewer]!, wire.server[exchange]!, wire.key[exchange]!, wire.outcome[exchange]!, bytes);
  }

  #choose(viewer: number): void {
    this.#title[viewer] = this.#titles.pick(this.#random);
    this.#choice[viewer] = 0;
    this.#servers[viewer]!.length = 0;
  }

  /** Asked once a title, when its first chunk is. Empty while steering does not answer. */
  #serversOf(viewer: number): number[] {
    const servers = this.#servers[viewer]!;
    if (servers.length === 0 && !this.#world.desk.down) {
      const { desk, places, serverOf } = this.#world;
      const { country, network, metro } = places[this.#places[viewer]!]!;
      const path = `/vod/${this.#title[viewer]}/`;
      const client = `vod-${viewer}`;
      const ranking = desk.rank({
        country,
        client,
        path,
        subscriber: { network, metro },
        nominalBps: this.#nominalBps,
      });
      for (const { id } of ranking.servers) servers.push(serverOf.get(id)!);
    }
    return servers;
  }
}
