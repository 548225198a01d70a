import { seats } from './apportion.ts';
import type { Chance } from './chance.ts';
import type { AccessPlan, ExchangePlan, MetroPlan, NetworkPlan, SitePlan } from './plan.ts';

/** Networks that have private interconnects at one exchange: at most so many, the largest there. */
const PRIVATES_AT_EXCHANGE = 10;
/** Smaller ones are content with the exchange, lines. */
const PRIVATE_LEAST_LINES = 500_000;
const TRANSITS_OF_A_SITE = 2;

/** Of the sites at exchanges; each buys from two global carriers. */
export function exchangeSites(
  exchanges: readonly ExchangePlan[],
  networks: readonly NetworkPlan[],
  chance: Chance,
): SitePlan[] {
  const globals = networks.flatMap(({ kind, group }, index) => (kind === 'transit' && group === -1 ? [index] : []));
  return exchanges.flatMap((exchange, at) => {
    const sites = Array.from({ length: exchange.siteCount }, (_, number): SitePlan => {
      const id = `${exchange.code}-ix-${number + 1}`;
      const transits = globals
        .map((network) => ({ network, lot: chance.uniform(`transit ${id} ${networks[network]!.id}`) }))
        .sort((a, b) => a.lot - b.lot)
        .slice(0, TRANSITS_OF_A_SITE)
        .map(({ network }) => network);
      return { id, metro: exchange.metro, kind: 'ix', exchange: at, host: -1, privates: [], transits };
    });
    joinPrivately(sites, at, exchange, networks);
    return sites;
  });
}

/** The largest networks at an exchange are joined to its sites one to one, the larger to more of them. */
function joinPrivately(
  sites: readonly SitePlan[],
  at: number,
  { country }: ExchangePlan,
  networks: readonly NetworkPlan[],
): void {
  const linesHere = ({ linesIn }: NetworkPlan) => linesIn.get(country) ?? 0;
  const large = networks
    .map((network, index) => ({ network, index }))
    .filter(
      ({ network }) => !network.composite && network.exchanges.includes(at) && network.lines >= PRIVATE_LEAST_LINES,
    )
    .sort(
      (a, b) => linesHere(b.network) - linesHere(a.network) || b.network.lines - a.network.lines || a.index - b.index,
    )
    .slice(0, PRIVATES_AT_EXCHANGE);
  const all = large.reduce((sum, { network }) => sum + network.lines, 0);
  let turn = 0;
  for (const { network, index } of large) {
    const joined = Math.min(sites.length, Math.ceil((sites.length * network.lines) / all));
    for (let count = 0; count < joined; count++) sites[turn++ % sites.length]!.privates.push(index);
  }
}

/**
 * Inside ISPs: the networks with the most lines first, each site for the metro of theirs with the most lines for each
 * site it would have. Which of the smaller networks say yes is chance.
 */
export function embeddedSites(
  count: number,
  networks: readonly NetworkPlan[],
  access: readonly AccessPlan[],
  metros: readonly MetroPlan[],
  chance: Chance,
): SitePlan[] {
  const hosts = networks.flatMap(({ kind, composite }, index) => (kind === 'isp' && !composite ? [index] : []));
  const certain = Math.ceil(count / 3);
  const counts = seats(
    count,
    hosts.map((host, rank) => {
      const { id, lines } = networks[host]!;
      return rank < certain ? lines : lines * chance.between(0.4, 1.6, `host ${id}`);
    }),
  );
  const byNetwork = Map.groupBy(access, ({ network }) => network);
  const numbers = new Map<number, number>();
  return hosts.flatMap((host, at) => {
    if (counts[at] === 0) return [];
    const places = byNetwork.get(host)!;
    const inMetro = seats(
      counts[at]!,
      places.map(({ lines }) => lines),
    );
    return places.flatMap(({ metro }, place) =>
      Array.from({ length: inMetro[place]! }, (): SitePlan => {
        const number = (numbers.get(metro) ?? 0) + 1;
        numbers.set(metro, number);
        const id = `${metros[metro]!.code}-isp-${number}`;
        return { id, metro, kind: 'embedded', exchange: -1, host, privates: [], transits: [] };
      }),
    );
  });
}
