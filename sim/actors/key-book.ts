import { initPath, mediaPath, type LiveEvent } from '../../topology/model/event.ts';
import { mix32, stableHash } from '../../topology/model/stable-hash.ts';
import { grown } from '../engine/grown.ts';

export const KEY_KINDS = { document: 0, init: 1, segment: 2, chunk: 3 } as const;

/** Init segments and documents are small; what they hold does not matter here. */
const DOCUMENT_BYTES = 1500;
const INIT_BYTES = 1200;
const FIRST_SIZE = 1024;

export interface Catalogue {
  /** by title: how many chunks it has */
  readonly chunks: ArrayLike<number>;
  readonly chunkBytes: number;
}

/** How large segments are: by chance round the nominal size, or as given, in turn, from the event's first segment on. */
export interface SegmentSizing {
  /** deviation of the logarithm */
  readonly sizeDeviation: number;
  /** by rendition; those that are not named are by chance */
  readonly segmentBytes?: Readonly<Record<string, readonly number[]>> | undefined;
}

/**
 * The names of everything that can be fetched, as integers: interned in the order of their first use, so that each
 * cache's own table stays dense. The hash is that of the path, as in a service, so that rings agree.
 */
export class KeyBook {
  /** its end may become known */
  event: LiveEvent;
  readonly #sizing: SegmentSizing;
  readonly #catalogue: Catalogue | null;
  #count = 0;
  #kinds = new Uint8Array(FIRST_SIZE);
  #renditions = new Int16Array(FIRST_SIZE);
  #numbers = new Int32Array(FIRST_SIZE);
  #hashes = new Uint32Array(FIRST_SIZE);
  #sizes = new Float64Array(FIRST_SIZE);
  /** by segment number (from `#firstNumber`) and rendition; −1 until used */
  #segments: Int32Array;
  readonly #firstNumber: number;
  readonly #inits: Int32Array;
  readonly #chunks = new Map<number, number>();
  readonly #chunksMost: number;
  #document = -1;

  /** @param firstNumber of the oldest segment anybody can ask for */
  constructor(event: LiveEvent, sizing: SegmentSizing, firstNumber: number, catalogue: Catalogue | null) {
    this.event = event;
    this.#sizing = sizing;
    this.#catalogue = catalogue;
    this.#firstNumber = firstNumber;
    this.#segments = new Int32Array(64 * event.renditions.length).fill(-1);
    this.#inits = new Int32Array(event.renditions.length).fill(-1);
    let most = 1;
    if (catalogue !== null)
      for (let title = 0; title < catalogue.chunks.length; title++) most = Math.max(most, catalogue.chunks[title]!);
    this.#chunksMost = most;
  }

  get count(): number {
    return this.#count;
  }

  kind(key: number): number {
    return this.#kinds[key]!;
  }

  rendition(key: number): number {
    return this.#renditions[key]!;
  }

  /** Of a segment its number, of a chunk its title. */
  number(key: number): number {
    return this.#numbers[key]!;
  }

  hash(key: number): number {
    return this.#hashes[key]!;
  }

  sizeBytes(key: number): number {
    return this.#sizes[key]!;
  }

  isLive(key: number): boolean {
    return this.#kinds[key] === KEY_KINDS.segment;
  }

  document(): number {
    if (this.#document < 0) {
      const path = `/live/${this.event.id}/event.json`;
      this.#document = this.#intern(KEY_KINDS.document, -1, 0, path, DOCUMENT_BYTES);
    }
    return this.#document;
  }

  init(rendition: number): number {
    let key = this.#inits[rendition]!;
    if (key < 0) {
      const path = initPath(this.event, this.event.renditions[rendition]!.id);
      key = this.#intern(KEY_KINDS.init, rendition, 0, path, INIT_BYTES);
      this.#inits[rendition] = key;
    }
    return key;
  }

  segment(rendition: number, number: number): number {
    if (number < this.#firstNumber) throw new RangeError(`segment ${number} is before the first, ${this.#firstNumber}`);
    const place = (number - this.#firstNumber) * this.#inits.length + rendition;
    if (place >= this.#segments.length) this.#growSegments(place);
    let key = this.#segments[place]!;
    if (key < 0) {
      const path = mediaPath(this.event, this.event.renditions[rendition]!.id, number);
      key = this.#intern(KEY_KINDS.segment, rendition, number, path, this.#segmentBytes(rendition, number));
      this.#segments[place] = key;
    }
    return key;
  }

  chunk(title: number, chunk: number): number {
    const place = title * this.#chunksMost + chunk;
    let key = this.#chunks.get(place);
    if (key === undefined) {
      key = this.#intern(KEY_KINDS.chunk, chunk, title, `/vod/${title}/${chunk}.m4s`, this.#catalogue!.chunkBytes);
      this.#chunks.set(place, key);
    }
    return key;
  }

  #segmentBytes(rendition: number, number: number): number {
    const { id, bandwidth } = this.event.renditions[rendition]!;
    const given = this.#sizing.segmentBytes?.[id];
    if (given !== undefined) return given[(number - this.event.startNumber) % given.length]!;
    const nominalBytes = (bandwidth * this.event.segmentDurationMs) / 8000;
    return Math.max(1, Math.round(nominalBytes * this.#variation(rendition, number)));
  }

  /** Log-normal with mean 1, at most 2; audio hardly varies. The same segment is as large wherever it is seen. */
  #variation(rendition: number, number: number): number {
    const deviation = this.#sizing.sizeDeviation;
    if (deviation === 0 || this.event.renditions[rendition]!.kind === 'audio') return 1;
    // All renditions of a moment show the same picture, and grow and shrink together.
    const first = mix32(number * 2 + 1) / 2 ** 32;
    const second = mix32(number * 2 + 0x9e3779b9) / 2 ** 32;
    const normal = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);
    return Math.min(2, Math.exp(deviation * normal - deviation ** 2 / 2));
  }

  #intern(kind: number, rendition: number, number: number, path: string, sizeBytes: number): number {
    const key = this.#count++;
    if (key >= this.#kinds.length) this.#grow();
    this.#kinds[key] = kind;
    this.#renditions[key] = rendition;
    this.#numbers[key] = number;
    this.#hashes[key] = stableHash(path);
    this.#sizes[key] = sizeBytes;
    return key;
  }

  #growSegments(place: number): void {
    const larger = new Int32Array(Math.max(place + 1, this.#segments.length * 2)).fill(-1);
    larger.set(this.#segments);
    this.#segments = larger;
  }

  #grow(): void {
    const size = this.#kinds.length * 2;
    this.#kinds = grown(this.#kinds, size);
    this.#renditions = grown(this.#renditions, size);
    this.#numbers = grown(this.#numbers, size);
    this.#hashes = grown(this.#hashes, size);
    this.#sizes = grown(this.#sizes, size);
  }
}
