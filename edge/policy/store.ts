import { LRUCache } from 'lru-cache';

/** One stored answer. Its header fields and bytes are the shell's, under the same id. */
export interface StoredObject {
  readonly id: number;
  readonly key: number;
  readonly sizeBytes: number;
  /** monotonic */
  storedMs: number;
  /** what `Age` was when it was stored */
  ageMs: number;
  freshUntilMs: number;
  staleWhileRevalidateUntilMs: number;
  staleIfErrorUntilMs: number;
}

/** What an entry costs beside its body: header block, maps, the object itself (measured: about 1 KiB with a 1 KB body). */
export const OBJECT_OVERHEAD_BYTES = 1024;

/** Who goes first when room is needed: the least recently used, or the one stored first, whatever its use. */
export type Eviction = 'lru' | 'fifo';

/**
 * What is stored, within a bound of bytes. Freshness is not decided here, and lru-cache's
 * own TTLs stay unused (DESIGN §6: an entry stored at time 0 would never expire).
 */
export class Store {
  readonly #lru: LRUCache<number, StoredObject>;
  readonly #memoryBytes: number;
  readonly #onEvicted: (object: StoredObject) => void;
  readonly #usingCounts: boolean;
  /** bytes of bodies still arriving, which share the bound */
  #arrivingBytes = 0;

  constructor(memoryBytes: number, onEvicted: (object: StoredObject) => void, eviction: Eviction = 'lru') {
    this.#memoryBytes = memoryBytes;
    this.#onEvicted = onEvicted;
    this.#usingCounts = eviction === 'lru';
    this.#lru = new LRUCache<number, StoredObject>({
      maxSize: memoryBytes,
      sizeCalculation: (object) => object.sizeBytes + OBJECT_OVERHEAD_BYTES,
      dispose: (object) => this.#onEvicted(object),
    });
  }

  get count(): number {
    return this.#lru.size;
  }

  get storedBytes(): number {
    return this.#lru.calculatedSize;
  }

  get arrivingBytes(): number {
    return this.#arrivingBytes;
  }

  /** Used now: with LRU it is the last to go. */
  get(key: number): StoredObject | undefined {
    return this.#usingCounts ? this.#lru.get(key) : this.#lru.peek(key);
  }

  /** Whether there is room beside what is arriving, when all else is evicted. */
  fits(sizeBytes: number): boolean {
    return sizeBytes + OBJECT_OVERHEAD_BYTES + this.#arrivingBytes <= this.#memoryBytes;
  }

  /** What fits replaces what the key held; others are evicted where it must be. */
  put(object: StoredObject): void {
    this.#lru.set(object.key, object);
    this.#makeRoom();
  }

  remove(key: number): void {
    this.#lru.delete(key);
  }

  /** @param bytes more, or fewer when negative; the caller sees to it that they stay within the bound */
  arriving(bytes: number): void {
    this.#arrivingBytes += bytes;
    if (bytes > 0) this.#makeRoom();
  }

  #makeRoom(): void {
    while (this.#lru.size > 0 && this.#lru.calculatedSize + this.#arrivingBytes > this.#memoryBytes) this.#lru.pop();
  }
}
