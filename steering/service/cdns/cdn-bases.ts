import type { Cdns } from '../../../topology/model/cdns.ts';

/** A resource that every CDN has: its path and query after the CDN's base. */
export interface Resource {
  /** begins with a slash */
  path: string;
  search: string;
}

interface Base {
  /** scheme, host and port, as URL parsing gives them: lower case, default ports left out */
  origin: string;
  /** '' or without a slash at its end */
  path: string;
}

/**
 * What stands before a resource's path at each CDN and source of the file. The only places that are fetched from or
 * redirected to: a URL is compared after it was parsed, by scheme, host and port exactly, and by whole path segments.
 */
export class CdnBases {
  readonly #bases: readonly Base[];
  readonly #cdnUrls: ReadonlyMap<string, string>;

  constructor({ cdns, sources }: Pick<Cdns, 'cdns' | 'sources'>) {
    const urls = [...cdns.map(({ baseUrl }) => baseUrl), ...sources];
    this.#bases = urls
      .map((url) => ({ origin: new URL(url).origin, path: new URL(url).pathname.replace(/\/$/, '') }))
      // The longest path first: a base inside another one is the better answer.
      .sort((a, b) => b.path.length - a.path.length);
    this.#cdnUrls = new Map(cdns.map(({ id, baseUrl }) => [id, baseUrl]));
  }

  /** @returns null for what lies at no CDN and no source, or is no plain http URL */
  locate({ origin, protocol, username, password, pathname, search }: URL): Resource | null {
    if ((protocol !== 'http:' && protocol !== 'https:') || username !== '' || password !== '') return null;
    const base = this.#bases.find((one) => one.origin === origin && (pathname + '/').startsWith(`${one.path}/`));
    if (base === undefined) return null;
    return { path: pathname.slice(base.path.length) || '/', search };
  }

  /** Whether anything of that scheme, host and port is in the file. */
  hasOrigin(origin: string): boolean {
    return this.#bases.some((one) => one.origin === origin);
  }

  /** @param cdn one of the file */
  at(cdn: string, { path, search }: Resource): string {
    return `${this.#cdnUrls.get(cdn)!}${path}${search}`;
  }
}
