/** A server as its sockets see it. */
export interface KnownServer {
  /** scheme, host and port */
  baseUrl: string;
  isTls: boolean;
  host: string;
  port: number;
  received: ReceivedBytes;
}

/** Bytes of bodies, of whatever status, as they come out of the socket. A transfer with a head is either whole or partial. */
export interface ReceivedBytes {
  wholeTransfers: number;
  wholeBytes: number;
  /** transfers that ended before their body did: broken off by the server, or given up by the viewer */
  partialTransfers: number;
  partialBytes: number;
  /** what their Content-Length promised beyond that */
  partialRemainingBytes: number;
  /** partial transfers that stated no length */
  partialUnknownLength: number;
  /** transfers that ended without a head: refused, reset or given up */
  headlessTransfers: number;
}

/** Gives base URLs the numbers that players know servers by, and holds what was received from each. */
export class ServerBook {
  readonly servers: KnownServer[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(baseUrl: string): number {
    const known = this.#numbers.get(baseUrl);
    if (known !== undefined) return known;
    const number = this.servers.push(parseServer(baseUrl)) - 1;
    this.#numbers.set(baseUrl, number);
    return number;
  }

  /** The node behind the URL, as steering calls it. */
  called(number: number, nodeId: string): void {
    this.#names[number] = nodeId;
  }

  /** Null for a server of which steering has not told. */
  nameOf(number: number): string | null {
    return this.#names[number] ?? null;
  }

  get(number: number): KnownServer {
    return this.servers[number]!;
  }
}

export function parseServer(baseUrl: string): KnownServer {
  const url = new URL(baseUrl);
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (isTls ? 443 : 80);
  return { baseUrl: url.origin, isTls, host, port, received: nothingReceived() };
}

export function nothingReceived(): ReceivedBytes {
  return {
    wholeTransfers: 0,
    wholeBytes: 0,
    partialTransfers: 0,
    partialBytes: 0,
    partialRemainingBytes: 0,
    partialUnknownLength: 0,
    headlessTransfers: 0,
  };
}
