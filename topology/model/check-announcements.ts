import type { Finding } from './finding.ts';
import { nearestName } from './near-name.ts';
import type { TopologyIndex } from './topology-index.ts';
import type { Announcement } from './topology.ts';

/** What makes announcements unusable: names of nothing, paths that cannot be, links on which nobody can have said it. */
export function findAnnouncementErrors(index: TopologyIndex): Finding[] {
  const { announcements = [] } = index.topology;
  const check = new AnnouncementCheck(index);
  announcements.forEach((announcement, at) => check.check(announcement, at));
  return check.findings;
}

class AnnouncementCheck {
  readonly findings: Finding[] = [];
  readonly #index: TopologyIndex;
  /** `network:<id> exchange:<id>` */
  readonly #ports = new Set<string>();
  readonly #prefixes = new Map<string, Map<string, number>>();

  constructor(index: TopologyIndex) {
    this.#index = index;
    for (const { kind, from, to } of index.topology.links) {
      if (kind === 'peering') this.#ports.add(`${from} ${to}`).add(`${to} ${from}`);
    }
    index.topology.prefixes.forEach(({ prefix, network }, at) => {
      const own = this.#prefixes.get(network);
      if (own === undefined) this.#prefixes.set(network, new Map([[prefix, at]]));
      else own.set(prefix, at);
    });
  }

  check({ site, link, by, asPath, prefixes = [] }: Announcement, at: number): void {
    const path = (...rest: (string | number)[]) => ['announcements', at, ...rest];
    const before = this.findings.length;
    this.#refer('site', this.#index.sites, site, path('site'));
    this.#refer('link', this.#index.links, link, path('link'));
    this.#refer('network', this.#index.networks, by, path('by'));
    asPath.forEach((name, place) => this.#refer('network', this.#index.networks, name, path('asPath', place)));
    if (this.findings.length > before) return;

    if (asPath[0] !== by) {
      this.#error(path('asPath'), `the path begins with ${asPath[0]}; its first network is who announced it, ${by}`);
    }
    // The same network several times in a row makes a path longer on purpose.
    const again = asPath.findIndex((name, place) => asPath.indexOf(name) < place && asPath[place - 1] !== name);
    if (again >= 0)
      this.#error(path('asPath', again), `${asPath[again]} is in the path before; nobody takes a path with a loop`);
    const misheard = this.#misheard(site, link, by);
    if (misheard !== null) this.#error(path('link'), misheard);
    const origin = asPath.at(-1)!;
    const own = this.#prefixes.get(origin) ?? new Map<string, number>();
    prefixes.forEach((prefix, place) => this.#refer(`prefix of ${origin}`, own, prefix, path('prefixes', place)));
  }

  /** Why a site cannot have heard this network on this link. */
  #misheard(site: string, link: string, by: string): string | null {
    const { kind, from, to } = this.#index.topology.links[this.#index.links.get(link)!]!;
    const far = from === `site:${site}` ? to : to === `site:${site}` ? from : null;
    if (far === null) return `${link} is no link of site ${site}`;
    if (kind === 'backbone')
      return `${link} is of the backbone; announcements come over peering, private and transit links`;
    if (far.startsWith('network:')) return far === `network:${by}` ? null : `${link} leads to ${far}, not to ${by}`;
    return this.#ports.has(`network:${by} ${far}`) ? null : `${by} has no port at ${far}, where ${link} leads`;
  }

  #refer(what: string, known: ReadonlyMap<string, number>, name: string, path: Finding['path']): void {
    if (known.has(name)) return;
    const near = nearestName(name, known.keys());
    this.#error(path, `there is no ${what} ${name}${near === null ? '' : `, did you mean ${near}?`}`);
  }

  #error(path: Finding['path'], message: string): void {
    this.findings.push({ path, severity: 'error', message });
  }
}
