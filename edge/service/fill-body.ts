import type { Exchange } from './exchange.ts';

/** A pass pauses its upstream when this much waits for its slowest reader. */
const UNREAD_MAX_BYTES = 1024 * 1024;

/**
 * A body that is arriving, and everybody who reads it: each gets what has come at once and the rest as it comes, at its
 * own pace. Kept whole while it may be stored; otherwise only as far as its slowest reader needs it.
 */
export class FillBody {
  #chunks: (Buffer | null)[] = [];
  #firstKept = 0;
  #receivedBytes = 0;
  #complete = false;
  #kept = true;
  #paused = false;
  /** bytes of a resumed body that its readers have already and that come once more */
  #skipBytes = 0;
  readonly #readers = new Set<Reader>();
  readonly #onPause: () => void;
  readonly #onResume: () => void;

  constructor(onPause: () => void, onResume: () => void) {
    this.#onPause = onPause;
    this.#onResume = onResume;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** A new attempt brings the body from its start again: what has come is not handed on twice. */
  resume(): void {
    this.#skipBytes = this.#receivedBytes;
    this.#paused = false;
  }

  append(chunk: Buffer): void {
    let fresh = chunk;
    if (this.#skipBytes > 0) {
      const known = Math.min(this.#skipBytes, chunk.byteLength);
      this.#skipBytes -= known;
      fresh = chunk.subarray(known);
      if (fresh.byteLength === 0) return;
    }
    this.#chunks.push(fresh);
    this.#receivedBytes += fresh.byteLength;
    for (const reader of this.#readers) this.#pump(reader);
    this.#trim();
  }

  finish(): void {
    this.#complete = true;
    for (const reader of this.#readers) this.#pump(reader);
  }

  /**
   * Hands the body to an exchange that has begun its answer.
   * @param startByte, endByte the part it is to get, end excluded; Infinity for all
   */
  read(exchange: Exchange, startByte: number, endByte: number): Reader {
    const reader: Reader = { exchange, chunk: 0, skipBytes: startByte, leftBytes: endByte - startByte, blocked: false };
    this.#readers.add(reader);
    exchange.onDrained(() => {
      reader.blocked = false;
      this.#pump(reader);
      this.#trim();
    });
    this.#pump(reader);
    return reader;
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.#trim();
  }

  /** From now on keep no more than the readers need. */
  passOn(): void {
    this.#kept = false;
    this.#trim();
  }

  /** The whole body as one piece. Only while it is kept. */
  whole(): Buffer {
    const chunks = this.#chunks as Buffer[];
    const body = Buffer.allocUnsafeSlow(this.#receivedBytes);
    let at = 0;
    for (const chunk of chunks) {
      chunk.copy(body, at);
      at += chunk.byteLength;
    }
    return body;
  }

  #pump(reader: Reader): void {
    const { exchange } = reader;
    while (!reader.blocked && !exchange.gone && reader.leftBytes > 0 && reader.chunk < this.#chunks.length) {
      let piece = this.#chunks[reader.chunk++]!;
      if (reader.skipBytes > 0) {
        const skipped = Math.min(reader.skipBytes, piece.byteLength);
        reader.skipBytes -= skipped;
        piece = piece.subarray(skipped);
      }
      if (piece.byteLength > reader.leftBytes) piece = piece.subarray(0, reader.leftBytes);
      if (piece.byteLength === 0) continue;
      reader.leftBytes -= piece.byteLength;
      reader.blocked = !exchange.write(piece);
    }
    const ended = reader.leftBytes === 0 || (this.#complete && reader.chunk === this.#chunks.length);
    if (exchange.gone) {
      this.#readers.delete(reader);
    } else if (ended && !reader.blocked) {
      this.#readers.delete(reader);
      // With a known length the last write has ended it; what is left is a chunked body.
      if (reader.leftBytes === Infinity) exchange.end();
    }
  }

  #trim(): void {
    if (this.#kept) return;
    let needed = this.#chunks.length;
    for (const reader of this.#readers) needed = Math.min(needed, reader.chunk);
    let unreadBytes = 0;
    while (this.#firstKept < needed) this.#chunks[this.#firstKept++] = null;
    for (let at = this.#firstKept; at < this.#chunks.length; at++) unreadBytes += this.#chunks[at]!.byteLength;
    if (!this.#paused && unreadBytes > UNREAD_MAX_BYTES) {
      this.#paused = true;
      this.#onPause();
    } else if (this.#paused && unreadBytes < UNREAD_MAX_BYTES / 2) {
      this.#paused = false;
      this.#onResume();
    }
  }
}

export interface Reader {
  readonly exchange: Exchange;
  /** the next chunk to write */
  chunk: number;
  skipBytes: number;
  /** Infinity when the length is not known */
  leftBytes: number;
  blocked: boolean;
}
