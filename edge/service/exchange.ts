import type { HeaderBlock } from '../../runtime/header-block.ts';

/** What the edge needs of whoever asks: an HTTP exchange, or the edge itself fetching an event's document. */
export interface Exchange {
  readonly method: string;
  readonly gone: boolean;
  readonly sentBytes: number;
  readonly head: { get(name: string): string | undefined; readonly names: string[]; readonly values: string[] };
  respond(status: number, block: HeaderBlock | null, extra: string, body: Uint8Array | string | null): void;
  respondHeadOnly(status: number, block: HeaderBlock | null, extra: string, lengthBytes: number): void;
  begin(status: number, block: HeaderBlock | null, extra: string, totalBytes: number): void;
  write(chunk: Uint8Array): boolean;
  end(): void;
  destroy(): void;
  onDrained(handler: () => void): void;
}

/** Collects an answer in memory for the edge itself. `done(null, …)` when it failed or grew beyond the limit. */
export class InternalExchange implements Exchange {
  readonly method = 'GET';
  readonly head = { names: [], values: [], get: () => undefined };
  gone = false;
  sentBytes = 0;
  readonly #limitBytes: number;
  readonly #done: (status: number, body: Uint8Array | null, block: HeaderBlock | null) => void;
  #status = 0;
  #block: HeaderBlock | null = null;
  #total = -1;
  #chunks: Uint8Array[] = [];

  constructor(limitBytes: number, done: (status: number, body: Uint8Array | null, block: HeaderBlock | null) => void) {
    this.#limitBytes = limitBytes;
    this.#done = done;
  }

  respond(status: number, block: HeaderBlock | null, _extra: string, body: Uint8Array | string | null): void {
    this.#finish(status, typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0)), block);
  }

  respondHeadOnly(status: number, block: HeaderBlock | null): void {
    this.#finish(status, Buffer.alloc(0), block);
  }

  begin(status: number, block: HeaderBlock | null, _extra: string, totalBytes: number): void {
    this.#status = status;
    this.#block = block;
    this.#total = totalBytes;
    if (totalBytes === 0) this.end();
  }

  write(chunk: Uint8Array): boolean {
    if (this.gone) return true;
    this.sentBytes += chunk.byteLength;
    if (this.sentBytes > this.#limitBytes) this.destroy();
    else {
      this.#chunks.push(chunk);
      if (this.sentBytes === this.#total) this.end();
    }
    return true;
  }

  end(): void {
    this.#finish(this.#status, Buffer.concat(this.#chunks), this.#block);
  }

  destroy(): void {
    this.#finish(this.#status, null, null);
  }

  onDrained(): void {}

  #finish(status: number, body: Uint8Array | null, block: HeaderBlock | null): void {
    if (this.gone) return;
    this.gone = true;
    this.#chunks = [];
    this.#done(status, body, block);
  }
}
