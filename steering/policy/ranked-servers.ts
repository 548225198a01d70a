/** A server as an answer names it. Kept: not to be written to. */
export interface RankedServer {
  readonly id: string;
  readonly site: string;
  readonly baseUrl: string;
  readonly rank: number;
  readonly reasons: readonly string[];
}

/** The same, which need not be written out anew for each answer. */
export class KeptRankedServer implements RankedServer {
  readonly id: string;
  readonly site: string;
  readonly baseUrl: string;
  readonly rank: number;
  readonly reasons: readonly string[];
  #json: string | null = null;

  constructor(
    { id, site, baseUrl }: Pick<RankedServer, 'id' | 'site' | 'baseUrl'>,
    rank: number,
    reasons: readonly string[],
  ) {
    this.id = id;
    this.site = site;
    this.baseUrl = baseUrl;
    this.rank = rank;
    this.reasons = reasons;
  }

  /** What `JSON.stringify` makes of it. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this));
  }
}

/** The same object for the same words. One is kept for each server and rank, the last one. */
export class RankedServers {
  readonly #servers: readonly Pick<RankedServer, 'id' | 'site' | 'baseUrl'>[];
  readonly #most: number;
  readonly #kept: (KeptRankedServer | undefined)[];

  /** @param most ranks run below this */
  constructor(servers: readonly Pick<RankedServer, 'id' | 'site' | 'baseUrl'>[], most: number) {
    this.#servers = servers;
    this.#most = most;
    this.#kept = Array.from({ length: servers.length * most });
  }

  /** @param server number of it */
  at(server: number, rank: number, reasons: readonly string[]): RankedServer {
    const slot = server * this.#most + rank;
    const last = this.#kept[slot];
    if (last !== undefined && isSame(last.reasons, reasons)) return last;
    return (this.#kept[slot] = new KeptRankedServer(this.#servers[server]!, rank, reasons));
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
