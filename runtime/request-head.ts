import type { HttpRequest } from 'uWebSockets.js';

/**
 * The header fields of one request, names in lower case, in the order they came, duplicates kept.
 * One pass over the fields serves the guard and the handler: crossing into the server's C++ for each name costs more.
 */
export class RequestHead {
  readonly names: string[] = [];
  readonly values: string[] = [];

  /** The field's value; several lines of one name are joined as RFC 9110 §5.3 allows; undefined when absent. */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (let index = 0; index < this.names.length; index++) {
      if (this.names[index] !== name) continue;
      joined = joined === undefined ? this.values[index]! : `${joined}, ${this.values[index]!}`;
    }
    return joined;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }
}

/** Why a request is refused before routing, or null. */
export type HeadDefect = 'several Content-Length' | 'bad Content-Length' | 'unknown Transfer-Encoding' | null;

/**
 * Reads the fields and judges the framing (RFC 9112 §6). The server below accepts a second, different Content-Length
 * and any Transfer-Encoding that contains "chunked"; a proxy before us may read such a message otherwise, and the
 * rest of the body would then be taken for a request.
 */
export function readHead(req: HttpRequest, head: RequestHead): HeadDefect {
  const { names, values } = head;
  req.forEach((name, value) => {
    names.push(name);
    values.push(value);
  });
  let lengths = 0;
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    if (name.length === 14 && name === 'content-length') {
      if (++lengths > 1) return 'several Content-Length';
      if (!/^\d{1,15}$/.test(values[index]!)) return 'bad Content-Length';
    } else if (name.length === 17 && name === 'transfer-encoding') {
      if (values[index]!.toLowerCase() !== 'chunked') return 'unknown Transfer-Encoding';
    }
  }
  return null;
}
