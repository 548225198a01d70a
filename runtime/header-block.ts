import type { HttpResponse } from 'uWebSockets.js';

/** A header field that must not go on the wire: an injection, or bytes that HTTP has no room for. */
export class BadHeader extends Error {
  readonly code = 'BAD_HEADER';
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex -- the very characters to be refused (RFC 9110 §5.5): all controls but tab
const FORBIDDEN_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/;

/**
 * Header fields made ready for the wire once, written many times with a single call into the server.
 * The server lets CR and LF through and writes strings as UTF-8; so this is the one place that writes fields:
 * it refuses control characters, and keeps each char code 0–255 as the one byte it stood for.
 */
export class HeaderBlock {
  readonly #firstName: string;
  readonly #rest: Uint8Array;

  /** @throws BadHeader when a name is no token, or a value holds a control character or one above U+00FF */
  constructor(fields: readonly (readonly [name: string, value: string])[]) {
    const [first, ...others] = fields;
    if (first === undefined) throw new BadHeader('a header block needs at least one field');
    for (const [name, value] of fields) checkField(name, value);
    this.#firstName = first[0];
    const rest = first[1] + others.map(([name, value]) => `\r\n${name}: ${value}`).join('');
    // Not Buffer.from: that would keep a slice of Node's shared pool alive for as long as the object is stored.
    const bytes = Buffer.allocUnsafeSlow(rest.length);
    bytes.write(rest, 'latin1');
    this.#rest = bytes;
  }

  get sizeBytes(): number {
    return this.#firstName.length + this.#rest.byteLength;
  }

  write(res: HttpResponse): void {
    res.writeHeader(this.#firstName, this.#rest);
  }
}

/** Whether a field may be forwarded as it is. */
export function isSafeField(name: string, value: string): boolean {
  return NAME.test(name) && !FORBIDDEN_IN_VALUE.test(value);
}

function checkField(name: string, value: string): void {
  if (!NAME.test(name)) throw new BadHeader(`"${JSON.stringify(name)}" is not a field name`);
  if (FORBIDDEN_IN_VALUE.test(value)) throw new BadHeader(`the value of ${name} holds a forbidden character`);
}
