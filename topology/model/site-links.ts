import type { TopologyIndex } from './topology-index.ts';
import type { Reach } from './topology.ts';
import { Way } from './way.ts';

/** A site's own link to others' networks: what it leads to, and the way there. */
export type SiteLink =
  | { kind: 'network'; link: number; head: Way; network: number; reach: Exclude<Reach, 'peering'> }
  | { kind: 'exchange'; link: number; head: Way; exchange: number };

/** By site, in order of the file. */
export function siteLinksOf(index: TopologyIndex, usable: (link: number) => boolean): SiteLink[][] {
  const { sites, links, networks, pathStretch } = index.topology;
  const siteLinks: SiteLink[][] = sites.map(() => []);
  links.forEach(({ kind, latencyMs }, link) => {
    if (kind === 'access' || kind === 'backbone' || !usable(link)) return;
    const [from, to] = [index.from[link]!, index.to[link]!];
    const fromSite = index.kindOf(from) === 'site';
    if (fromSite === (index.kindOf(to) === 'site')) return;
    const [site, far] = fromSite ? [from, to] : [to, from];
    const head = new Way(pathStretch).at(index.positionOf(site)!).link(2 * link + (fromSite ? 0 : 1), latencyMs);
    const farKind = index.kindOf(far);
    if (farKind === 'exchange' && kind === 'peering') {
      head.at(index.positionOf(far)!);
      siteLinks[site]!.push({ kind: 'exchange', link, head, exchange: index.indexIn('exchange', far) });
    } else if (farKind === 'network' && kind !== 'peering') {
      const network = index.indexIn('network', far);
      const { kind: siteKind, network: host } = sites[site]!;
      const embedded = siteKind === 'embedded' && host === networks[network]!.id;
      const reach = kind === 'transit' ? 'transit' : embedded ? 'embedded' : 'private';
      siteLinks[site]!.push({ kind: 'network', link, head, network, reach });
    }
  });
  return siteLinks;
}

export function reachOf(link: SiteLink): Reach {
  return link.kind === 'exchange' ? 'peering' : link.reach;
}
