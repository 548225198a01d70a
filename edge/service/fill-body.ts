import type { Exchange } from './exchange.ts';

/** A pass pauses its upstream when this much waits even for its fastest reader. */
const UNREAD_MAX_BYTES = 1024 * 1024;
/** A reader of a shared pass that falls behind the others by more is cut: it must neither hold them up nor fill memory. */
const LAG_MAX_BYTES = 8 * 1024 * 1024;

/** How a body's source is told to wait. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/**
 * A body that is arriving, and everybody who reads it: each gets what has come at once and the rest as it comes, at its
 * own pace. Kept whole while it may be stored; otherwise only as far as its slowest reader needs it.
 */
export class FillBody {
  #chunks: (Buffer | null)[] = [];
  /** come in this turn of the event loop, and not handed on yet */
  #fresh: Buffer[] = [];
  #firstKept = 0;
  #receivedBytes = 0;
  #complete = false;
  #kept = true;
  #paused = false;
  /** bytes of a resumed body that its readers have already and that come once more */
  #skipBytes = 0;
  readonly #readers = new Set<Reader>();
  #flow: Flow;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** A new attempt brings the body from its start again: what has come is not handed on twice. */
  resume(flow: Flow): void {
    this.#skipBytes = this.#receivedBytes;
    this.#paused = false;
    this.#flow = flow;
  }

  append(chunk: Buffer): void {
    let fresh = chunk;
    if (this.#skipBytes > 0) {
      const known = Math.min(this.#skipBytes, chunk.byteLength);
      this.#skipBytes -= known;
      fresh = chunk.subarray(known);
      if (fresh.byteLength === 0) return;
    }
    this.#receivedBytes += fresh.byteLength;
    // What the socket gives in one turn goes out as one piece: a thousand readers cost a thousand writes, not two.
    if (this.#fresh.push(fresh) === 1) setImmediate(() => this.#handOn());
  }

  finish(): void {
    this.#complete = true;
    this.#handOn();
  }

  #handOn(): void {
    this.#gather();
    for (const reader of this.#readers) this.#pump(reader);
    this.#trim();
  }

  #gather(): void {
    if (this.#fresh.length === 0) return;
    this.#chunks.push(this.#fresh.length === 1 ? this.#fresh[0]! : Buffer.concat(this.#fresh));
    this.#fresh = [];
  }

  /**
   * Hands the body to an exchange that has begun its answer.
   * @param startByte, endByte the part it is to get, end excluded; Infinity for all
   */
  read(exchange: Exchange, startByte: number, endByte: number): Reader {
    const reader: Reader = {
      exchange,
      chunk: 0,
      readBytes: 0,
      skipBytes: startByte,
      leftBytes: endByte - startByte,
      blocked: false,
    };
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
    this.#gather();
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
      reader.readBytes += piece.byteLength;
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
    let fastestBytes = 0;
    for (const reader of this.#readers) fastestBytes = Math.max(fastestBytes, reader.readBytes);
    for (const reader of this.#readers) {
      if (fastestBytes - reader.readBytes <= LAG_MAX_BYTES) continue;
      this.#readers.delete(reader);
      reader.exchange.destroy();
    }
    let needed = this.#chunks.length;
    for (const reader of this.#readers) needed = Math.min(needed, reader.chunk);
    while (this.#firstKept < needed) this.#chunks[this.#firstKept++] = null;
    this.#govern(this.#readers.size === 0 ? 0 : this.#receivedBytes - fastestBytes);
  }

  #govern(unreadBytes: number): void {
    if (!this.#paused && unreadBytes > UNREAD_MAX_BYTES) {
      this.#paused = true;
      this.#flow.pause();
    } else if (this.#paused && unreadBytes < UNREAD_MAX_BYTES / 2) {
      this.#paused = false;
      this.#flow.resume();
    }
  }
}

export interface Reader {
  readonly exchange: Exchange;
  /** the next chunk to write */
  chunk: number;
  /** of the body, handed to the exchange or skipped */
  readBytes: number;
  skipBytes: number;
  /** Infinity when the length is not known */
  leftBytes: number;
  blocked: boolean;
}
