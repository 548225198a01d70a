import { distanceKm } from '../model/geography.ts';
import { apportion } from './apportion.ts';
import type { Chance } from './chance.ts';
import { MARKET_GROUPS, nearest } from './geography-groups.ts';
import type { WorldScale } from './options.ts';
import type { AccessPlan, ExchangePlan, MetroPlan, NetworkPlan } from './plan.ts';
import type { Country } from './world-data.ts';

/** Made-up networks take numbers for private use (RFC 6996), so that none is taken for somebody’s. */
const PRIVATE_ASN = 4_200_000_000;
/** The networks of a country that buy from its largest one, rather than abroad alone. */
const INCUMBENT_CHANCE = 0.5;

/** Ours first (without relations: its sites have links), then carriers, then access networks by lines; without relations yet. */
export function chooseNetworks(countries: readonly Country[], scale: WorldScale): NetworkPlan[] {
  const groupOf = new Map(countries.map((country) => [country.code, nearest(country, MARKET_GROUPS)]));
  const groups = [...new Set(groupOf.values())].sort((a, b) => a - b);
  const carriers = [
    carrier('cdn', 'Undercard', -1, 0),
    ...Array.from({ length: scale.globalCarriers }, (_, index) =>
      carrier(`transit-${index + 1}`, `Global carrier ${index + 1}`, -1, 100 + index),
    ),
    ...groups.map((group) => {
      const { id, name } = MARKET_GROUPS[group]!;
      return carrier(`transit-${id}`, `Regional carrier, ${name}`, group, 200 + group);
    }),
  ];
  return [...carriers, ...accessNetworks(countries, scale.isps, groupOf)];
}

function carrier(id: string, name: string, group: number, number: number): NetworkPlan {
  return {
    id,
    asn: PRIVATE_ASN + number,
    name,
    kind: id === 'cdn' ? 'cdn' : 'transit',
    country: null,
    group,
    lines: 0,
    linesIn: new Map(),
    composite: false,
    providers: [],
    peers: new Set(),
    exchanges: [],
  };
}

/** The largest access networks by lines, and one for the rest of each country. One AS in two countries is one network. */
function accessNetworks(
  countries: readonly Country[],
  count: number,
  groupOf: ReadonlyMap<string, number>,
): NetworkPlan[] {
  const linesOf = new Map<number, Map<string, number>>();
  const names = new Map<number, string>();
  for (const { code, lines, isps } of countries) {
    let left = lines; // rounded shares may add up to a little more than one
    for (const { asn, share, name } of isps) {
      const own = Math.min(left, Math.floor(lines * share));
      left -= own;
      names.set(asn, names.get(asn) ?? name);
      if (own > 0) linesOf.set(asn, (linesOf.get(asn) ?? new Map<string, number>()).set(code, own));
    }
  }
  const sum = (parts: ReadonlyMap<string, number>) => [...parts.values()].reduce((all, lines) => all + lines, 0);
  const chosen = [...linesOf]
    .map(([asn, linesIn]) => ({ asn, linesIn, lines: sum(linesIn) }))
    .sort((a, b) => b.lines - a.lines || a.asn - b.asn)
    .slice(0, count);
  const rest = new Map(countries.map(({ code, lines }) => [code, lines]));
  for (const { linesIn } of chosen) {
    for (const [code, lines] of linesIn) rest.set(code, rest.get(code)! - lines);
  }
  const plan = (id: string, asn: number, name: string, linesIn: ReadonlyMap<string, number>, composite: boolean) => {
    const country = [...linesIn].reduce((most, other) => (other[1] > most[1] ? other : most))[0];
    const lines = sum(linesIn);
    const group = groupOf.get(country)!;
    return { ...carrier(id, name, group, 0), asn, kind: 'isp' as const, country, lines, linesIn, composite };
  };
  return [
    ...chosen.map(({ asn, linesIn }) => plan(`as${asn}`, asn, names.get(asn)!, linesIn, false)),
    ...countries
      .map((country, index) => ({ ...country, index, left: rest.get(country.code)! }))
      .filter(({ left }) => left > 0)
      .map(({ code, name, index, left }) =>
        plan(
          `rest-${code.toLowerCase()}`,
          PRIVATE_ASN + 1000 + index,
          `Other networks of ${name}`,
          new Map([[code, left]]),
          true,
        ),
      ),
  ].sort((a, b) => b.lines - a.lines || (a.id < b.id ? -1 : 1));
}

/** Where the subscribers of each network are: where people are, some networks stronger here and some there. */
export function placeSubscribers(
  networks: readonly NetworkPlan[],
  metros: readonly MetroPlan[],
  metrosOf: ReadonlyMap<string, number[]>,
  chance: Chance,
): AccessPlan[] {
  return networks.flatMap(({ id, linesIn }, network) =>
    [...linesIn].flatMap(([country, lines]) => {
      const places = metrosOf.get(country)!;
      const strength = (metro: number) => chance.between(0.6, 1.4, `strength ${id} ${metros[metro]!.code}`);
      const parts = apportion(
        lines,
        places.map((metro) => metros[metro]!.catchment * strength(metro)),
      );
      return places.map((metro, index) => ({ network, metro, lines: parts[index]! })).filter(({ lines }) => lines > 0);
    }),
  );
}

/** Who buys from whom and who has a port at which exchange. */
export function relate(
  networks: readonly NetworkPlan[],
  exchanges: readonly ExchangePlan[],
  countries: readonly Country[],
  chance: Chance,
): void {
  const indexesOf = (wanted: (network: NetworkPlan) => boolean) =>
    networks.flatMap((network, index) => (wanted(network) ? [index] : []));
  const globals = indexesOf(({ kind, group }) => kind === 'transit' && group === -1);
  const isps = indexesOf(({ kind }) => kind === 'isp');
  const regionals = new Map(
    indexesOf(({ kind, group }) => kind === 'transit' && group >= 0).map((index) => [networks[index]!.group, index]),
  );
  const lottery = (from: readonly number[], count: number, name: string) =>
    from
      .map((index) => ({ index, lot: chance.uniform(`${name} ${networks[index]!.id}`) }))
      .sort((a, b) => a.lot - b.lot)
      .slice(0, count)
      .map(({ index }) => index);
  for (const global of globals) globals.forEach((other) => other !== global && networks[global]!.peers.add(other));
  for (const regional of regionals.values()) {
    networks[regional]!.providers.push(...lottery(globals, 2, `buys ${networks[regional]!.id}`));
  }
  const positions = new Map(countries.map((country) => [country.code, country]));
  const incumbents = new Map<string, number>();
  for (const index of isps) {
    const { country, composite } = networks[index]!;
    if (!composite && !incumbents.has(country!)) incumbents.set(country!, index);
  }
  isps.forEach((index, rank) => {
    const network = networks[index]!;
    const large = rank < isps.length / 4;
    const regional = regionals.get(network.group)!;
    const incumbent = incumbents.get(network.country!);
    const buysAtHome =
      network.composite && incumbent !== undefined && chance.happens(INCUMBENT_CHANCE, `home ${network.id}`);
    if (buysAtHome) network.providers.push(incumbent, regional);
    else if (large)
      network.providers.push(
        ...lottery(globals, chance.happens(0.5, `third ${network.id}`) ? 3 : 2, `buys ${network.id}`),
      );
    else if (chance.happens(0.5, `second ${network.id}`))
      network.providers.push(regional, ...lottery(globals, 1, `buys ${network.id}`));
    else network.providers.push(regional);
    network.exchanges.push(...portsOf(network, large, exchanges, positions, chance));
  });
  peerAtExchanges(networks, isps, exchanges.length);
}

/** At most so many exchanges of its own country does a network join. */
const HOME_PORTS = 8;
const REMOTE_KM = 4000;

function portsOf(
  network: NetworkPlan,
  large: boolean,
  exchanges: readonly ExchangePlan[],
  positions: ReadonlyMap<string, Country>,
  chance: Chance,
): number[] {
  const ports = new Set<number>();
  const all = exchanges.map((_, index) => index);
  const heavyFirst = (a: number, b: number) => exchanges[b]!.weight - exchanges[a]!.weight || a - b;
  for (const [country, lines] of network.linesIn) {
    if (lines < 0.1 * network.lines) continue;
    const home = all
      .filter((index) => exchanges[index]!.country === country)
      .sort(heavyFirst)
      .slice(0, HOME_PORTS);
    home.forEach((index, rank) => {
      const joins = large ? 0.97 : rank === 0 ? 0.8 : 0.5;
      if (chance.happens(joins, `port ${network.id} ${exchanges[index]!.code}`)) ports.add(index);
    });
    if (home.length > 0) continue;
    // Nobody of ours at home: the large ones go to the nearest exchanges abroad, some of the others to one.
    const near = (index: number) => distanceKm(positions.get(country)!, exchanges[index]!);
    const abroad = all.filter((index) => near(index) < REMOTE_KM).sort((a, b) => near(a) - near(b) || a - b);
    const reach = large ? 2 : chance.happens(0.5, `abroad ${network.id}`) ? 1 : 0;
    abroad.slice(0, reach).forEach((index) => ports.add(index));
  }
  return [...ports].sort((a, b) => a - b);
}

/** The largest at one exchange exchange their routes too. */
const PEERING_CIRCLE = 6;

function peerAtExchanges(networks: readonly NetworkPlan[], isps: readonly number[], exchangeCount: number): void {
  for (let exchange = 0; exchange < exchangeCount; exchange++) {
    const circle = isps
      .filter((index) => !networks[index]!.composite && networks[index]!.exchanges.includes(exchange))
      .slice(0, PEERING_CIRCLE);
    for (const one of circle) {
      for (const other of circle) {
        const related = networks[one]!.providers.includes(other) || networks[other]!.providers.includes(one);
        if (one !== other && !related) networks[one]!.peers.add(other);
      }
    }
  }
}
