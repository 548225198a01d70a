import type { DropCause } from './contract.ts';
import { INIT, type Slot } from './segment-slot.ts';

interface Entry {
  slot: Slot;
  sizeBytes: number;
}

/** Accounts for published bodies in the order they came, inside one bound on their bytes. */
export class BodyLedger {
  readonly #maxBytes: number;
  readonly #onDrop: (bodyId: number, cause: DropCause) => void;
  /** by body; a Map keeps the order of publishing */
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;
  #initBytes = 0;

  constructor(maxBytes: number, onDrop: (bodyId: number, cause: DropCause) => void) {
    this.#maxBytes = maxBytes;
    this.#onDrop = onDrop;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bodies(): number {
    return this.#entries.size;
  }

  /** Makes room by evicting the oldest segments. @returns false, with nothing evicted, when that cannot suffice */
  makeRoom(sizeBytes: number): boolean {
    if (this.#initBytes + sizeBytes > this.#maxBytes) return false;
    // Init segments stay: they are small, and a rendition cannot be joined without.
    for (const [bodyId, { slot }] of this.#entries) {
      if (this.#bytes + sizeBytes <= this.#maxBytes) break;
      if (slot.number !== INIT) this.drop(bodyId, 'evicted');
    }
    return true;
  }

  store(bodyId: number, sizeBytes: number, slot: Slot): void {
    this.#entries.set(bodyId, { slot, sizeBytes });
    this.#bytes += sizeBytes;
    if (slot.number === INIT) this.#initBytes += sizeBytes;
    slot.state = 'published';
    slot.bodyId = bodyId;
  }

  drop(bodyId: number, cause: DropCause): void {
    const entry = this.#entries.get(bodyId);
    if (entry === undefined) return;
    this.#entries.delete(bodyId);
    this.#bytes -= entry.sizeBytes;
    if (entry.slot.number === INIT) this.#initBytes -= entry.sizeBytes;
    entry.slot.state = 'evicted';
    entry.slot.bodyId = 0;
    this.#onDrop(bodyId, cause);
  }
}
