import type { Chance } from './chance.ts';
import { MARKET_GROUPS, nearest } from './geography-groups.ts';
import { linkNames } from './link-names.ts';
import type { AccessPlan, ExchangePlan, LinkPlan, MetroPlan, NetworkPlan, SitePlan } from './plan.ts';

/** US dollars a Mbit/s and month, assumptions: a port’s price over what it carries; a cross-connect’s. */
const PORT_PRICE = 0.05;
const PRIVATE_PRICE = 0.02;

/** All links but our own backbone. The end written first pays the price. */
export function worldLinks(
  networks: readonly NetworkPlan[],
  access: readonly AccessPlan[],
  exchanges: readonly ExchangePlan[],
  sites: readonly SitePlan[],
  metros: readonly MetroPlan[],
  chance: Chance,
): LinkPlan[] {
  const cents = (price: number) => Math.round(price * 1000) / 1000;
  const transitPrice = (group: number, name: string) =>
    cents((group < 0 ? 0.05 : MARKET_GROUPS[group]!.transitPrice) * chance.between(0.8, 1.25, `price ${name}`));
  const links: LinkPlan[] = [];
  for (const { id, kind, exchange, host, metro, privates, transits } of sites) {
    const from = `site:${id}`;
    if (kind === 'embedded') {
      const { id: network } = networks[host]!;
      links.push({ id: linkNames.private(id, network), kind: 'private', from, to: `network:${network}`, price: 0 });
      continue;
    }
    const to = `exchange:${exchanges[exchange]!.code}`;
    links.push({ id: linkNames.sitePort(id), kind: 'peering', from, to, price: PORT_PRICE });
    for (const index of privates) {
      const { id: network } = networks[index]!;
      links.push({
        id: linkNames.private(id, network),
        kind: 'private',
        from,
        to: `network:${network}`,
        price: PRIVATE_PRICE,
      });
    }
    const group = nearest(metros[metro]!, MARKET_GROUPS);
    for (const index of transits) {
      const { id: network } = networks[index]!;
      const name = linkNames.siteTransit(id, network);
      links.push({ id: name, kind: 'transit', from, to: `network:${network}`, price: transitPrice(group, name) });
    }
  }
  networks.forEach(({ id, kind, group, providers, peers, exchanges: ports }, at) => {
    const from = `network:${id}`;
    for (const exchange of ports) {
      const { code } = exchanges[exchange]!;
      links.push({
        id: linkNames.networkPort(id, code),
        kind: 'peering',
        from,
        to: `exchange:${code}`,
        price: PORT_PRICE,
      });
    }
    for (const index of providers) {
      const name = linkNames.networkTransit(id, networks[index]!.id);
      const price = transitPrice(kind === 'transit' ? -1 : group, name);
      links.push({ id: name, kind: 'transit', from, to: `network:${networks[index]!.id}`, price });
    }
    // Carriers are joined directly; access networks that peer meet at their exchange.
    for (const index of peers) {
      if (kind !== 'transit' || index < at) continue;
      links.push({
        id: linkNames.mesh(id, networks[index]!.id),
        kind: 'peering',
        from,
        to: `network:${networks[index]!.id}`,
        price: 0,
      });
    }
  });
  for (const { network, metro } of access) {
    const [{ id }, { code }] = [networks[network]!, metros[metro]!];
    const name = linkNames.access(id, code);
    // The last mile, there and back 6 to 20 ms: fibre to copper.
    const latencyMs = Math.round(chance.between(3, 10, `last mile ${name}`) * 10) / 10;
    links.push({ id: name, kind: 'access', from: `network:${id}`, to: `access:${id}/${code}`, latencyMs, price: 0 });
  }
  return links;
}
