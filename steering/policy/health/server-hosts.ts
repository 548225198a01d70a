import type { Site } from '../../../topology/model/site.ts';

const URL_HOST = /^(https?):\/\/(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:@[\]]+)(?::(\d{1,5}))?(?:[/?#]|$)/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
const AMBIGUOUS = -1;

/** Which server a URL, or a name that a player gives, belongs to; servers are numbered in the order of the sites file. */
export class ServerHosts {
  /** host and port */
  readonly #authorities = new Map<string, number>();
  /** host alone, where one server has it */
  readonly #hosts = new Map<string, number>();
  readonly #ids = new Map<string, number>();

  constructor(sites: readonly Pick<Site, 'edges'>[]) {
    const edges = sites.flatMap((site) => site.edges);
    edges.forEach(({ id, url }, server) => {
      const { host, authority } = partsOf(url)!;
      this.#authorities.set(authority, server);
      this.#hosts.set(host, this.#hosts.has(host) ? AMBIGUOUS : server);
      this.#ids.set(id, server);
    });
  }

  /** @returns −1 when it is none of ours */
  ofUrl(url: string): number {
    const parts = partsOf(url);
    return parts === null ? -1 : (this.#authorities.get(parts.authority) ?? -1);
  }

  /** @param name a host with or without a port, or a server's own name */
  ofName(name: string): number {
    const lower = name.toLowerCase();
    return this.#ids.get(name) ?? this.#hosts.get(lower) ?? this.#authorities.get(lower) ?? -1;
  }
}

function partsOf(url: string): { host: string; authority: string } | null {
  const match = URL_HOST.exec(url);
  if (match === null) return null;
  const host = match[2]!.toLowerCase();
  return { host, authority: `${host}:${match[3] ?? DEFAULT_PORTS[match[1]!.toLowerCase()]}` };
}
