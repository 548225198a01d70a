const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_MAX_BYTES = 16 * 1024;

export type AnswerState = 'more' | 'whole' | 'wrong';

/**
 * Reads one HTTP/1.1 answer off a socket and compares it byte by byte with what it must be: 200, a Content-Length, the
 * expected body. It keeps no chunk (a herd's client reads thousands through one buffer).
 */
export class AnswerReader {
  readonly #expected: Uint8Array;
  #pending: Buffer | null = null;
  #bodyBytes = -1;
  /** status line and fields, latin-1, once they are complete */
  head = '';
  /** received so far, head and body */
  wireBytes = 0;
  /** why it is wrong */
  defect: string | null = null;

  constructor(expected: Uint8Array) {
    this.#expected = expected;
  }

  push(chunk: Buffer): AnswerState {
    this.wireBytes += chunk.byteLength;
    if (this.defect !== null) return 'wrong';
    const body = this.#bodyBytes < 0 ? this.#takeHead(chunk) : chunk;
    if (body === null) return this.defect === null ? 'more' : 'wrong';
    return this.#takeBody(body);
  }

  /** Nothing more will come. @returns what is wrong with what came, or null when the answer was whole */
  close(): string | null {
    if (this.defect === null && this.#bodyBytes < this.#expected.byteLength) {
      this.#wrong(`only ${Math.max(0, this.#bodyBytes)} of ${this.#expected.byteLength} body bytes came`);
    }
    return this.defect;
  }

  /** @returns the body's first bytes, or null when the head is incomplete or wrong */
  #takeHead(chunk: Buffer): Buffer | null {
    const bytes = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      // A copy: the chunk's memory is the caller's.
      this.#pending = Buffer.from(bytes);
      if (bytes.byteLength > HEAD_MAX_BYTES) this.#wrong('header too long');
      return null;
    }
    this.#pending = null;
    this.head = bytes.toString('latin1', 0, end + 2);
    this.#bodyBytes = 0;
    if (!this.head.startsWith('HTTP/1.1 200 ')) return this.#wrong(this.head.slice(0, this.head.indexOf('\r\n')));
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(this.head)?.[1];
    if (length === undefined) return this.#wrong('no Content-Length');
    if (Number(length) !== this.#expected.byteLength) {
      return this.#wrong(`Content-Length ${length} instead of ${this.#expected.byteLength}`);
    }
    return bytes.subarray(end + HEAD_END.byteLength);
  }

  #takeBody(bytes: Buffer): AnswerState {
    const from = this.#bodyBytes;
    const to = from + bytes.byteLength;
    this.#bodyBytes = to;
    if (to > this.#expected.byteLength) this.#wrong(`${to - this.#expected.byteLength} bytes beyond the body`);
    else if (bytes.compare(this.#expected, from, to) !== 0) this.#wrong(`wrong bytes between ${from} and ${to}`);
    if (this.defect !== null) return 'wrong';
    return to === this.#expected.byteLength ? 'whole' : 'more';
  }

  #wrong(defect: string): null {
    this.defect = defect;
    return null;
  }
}
