import type { Access, Link, Network, Server, Topology, TopologySite } from '../model/topology.ts';
import { carvePrefixes } from './address-plan.ts';
import { seats } from './apportion.ts';
import { Chance } from './chance.ts';
import { FillNetwork, PATH_STRETCH } from './fill-network.ts';
import { CLOUD_REGIONS } from './geography-groups.ts';
import { linkNames } from './link-names.ts';
import { addLoad, type Load, spreadLoad } from './load.ts';
import { chooseCountries, chooseExchanges, chooseMetros } from './metros.ts';
import { chooseNetworks, placeSubscribers, relate } from './networks.ts';
import { optionsProblem, PEAK_BPS_PER_SERVER, type WorldOptions, worldScale } from './options.ts';
import type { AccessPlan, LinkPlan, NetworkPlan, SitePlan } from './plan.ts';
import { describeWorld, PROVENANCE } from './provenance.ts';
import { ReachTiers } from './reach.ts';
import { chooseShields } from './shields.ts';
import { embeddedSites, exchangeSites } from './sites.ts';
import { crowdCapacityBps, HEADROOM, hardwareFor, LARGEST_NIC_BPS, roundUp } from './sizing.ts';
import { loadWorldData } from './world-data.ts';
import { worldLinks } from './world-links.ts';

/** What of a network’s own traffic its transit can carry, whether or not the forecast needs it. */
const TRANSIT_SHARE = 0.3;
/** What of a site’s traffic its exchange port and its transit can carry, likewise. */
const PORT_SHARE = 0.15;

/**
 * An Earth-like world: people, exchanges and access networks from open data, sites, carriers, relations, capacities and
 * addresses made up. The same options, the same world, byte for byte. README.md says what is from where.
 * @param onStep is told what is done next; a large world takes some seconds
 * @throws RangeError for options that `optionsProblem` finds wrong, with its text
 */
export function generateWorld(options: WorldOptions, onStep: (step: string) => void = () => {}): Topology {
  const problem = optionsProblem(options);
  if (problem !== null) throw new RangeError(problem);
  const chance = new Chance(options.seed);
  const scale = worldScale(options.sites);
  const peakBps = options.peakBps ?? options.servers * PEAK_BPS_PER_SERVER;

  onStep('places and networks');
  const data = loadWorldData();
  const countries = chooseCountries(data, scale, options.countries);
  const worldwide = countries.length === data.countries.length;
  const networks = chooseNetworks(countries, scale);
  const hosted = networks.some(({ kind, composite }) => kind === 'isp' && !composite);
  const wanted = Math.round(options.sites * (options.embeddedShare ?? scale.embeddedShare));
  // Two at exchanges at least: they alone reach everybody.
  const embeddedCount = hosted ? Math.min(wanted, options.sites - 2) : 0;
  const places = chooseExchanges(data, countries, worldwide, options.sites - embeddedCount, chance);
  const { metros, exchanges, metrosOf } = chooseMetros(countries, places, scale);
  const access = placeSubscribers(networks, metros, metrosOf, chance);
  relate(networks, exchanges, countries, chance);
  const sites = [
    ...exchangeSites(exchanges, networks, chance),
    ...embeddedSites(embeddedCount, networks, access, metros, chance),
  ];

  onStep('routes and their load');
  const tiers = new ReachTiers(networks, sites, exchanges);
  const load = spreadLoad(peakBps, access, metros, sites, tiers);
  onStep('backbone and fills');
  const shields = chooseShields(scale.shieldSites, sites, access, metros);
  const fills = new FillNetwork(sites, exchanges, metros, networks, shields);
  const shieldBps = fills.addFills(load.sites, shields, tiers, load.links);
  addOwnNeeds(
    load,
    networks,
    access,
    sites,
    metros.map(({ code }) => code),
    peakBps,
  );

  onStep('capacities and addresses');
  const sized = (bps: number, name: string) => roundUp(bps * chance.between(1, 1.1, `capacity ${name}`), peakBps);
  const servers = seats(
    options.servers - sites.length,
    sites.map(({ id }, site) => load.sites[site]! * chance.between(0.85, 1.15, `servers ${id}`) + 1),
    sites.map(() => 1),
  );
  const links = [...worldLinks(networks, access, exchanges, sites, metros, chance), ...fills.links];
  const accessOut = access.map(({ network, metro, lines }): Access => {
    return { network: networks[network]!.id, metro: metros[metro]!.code, subscribers: lines };
  });
  return {
    name: `world-${options.sites}-sites-seed-${options.seed}`,
    description: describeWorld({
      ...options,
      peakBps,
      directShare: load.directShare,
      shields: shields.length,
      countries,
    }),
    synthetic: true,
    provenance: [...PROVENANCE],
    pathStretch: PATH_STRETCH,
    metros: metros.map(({ code, name, country, latitude, longitude, catchment }) => {
      return { id: code, name, country, latitude, longitude, population: catchment };
    }),
    networks: networks.map((network) => networkOut(network, networks)),
    access: accessOut,
    exchanges: exchanges.map(({ code, name, metro }) => ({
      id: code,
      name: `Exchange of ${name}`,
      metro: metros[metro]!.code,
    })),
    regions: CLOUD_REGIONS.map((region) => ({ ...region })),
    sites: sites.map((site, index): TopologySite => {
      const { id, metro, kind, exchange, host } = site;
      const count = servers[index]!;
      const nicBps = sized(crowdCapacityBps(load.sites[index]! / count, HEADROOM.nic), id);
      const shield = shields.indexOf(index);
      return {
        id,
        metro: metros[metro]!.code,
        kind,
        ...(kind === 'ix' ? { exchange: exchanges[exchange]!.code } : { network: networks[host]!.id }),
        servers: [
          ...Array.from({ length: count }, (_, number) => {
            return { id: `${id}-e${number + 1}`, role: 'edge' as const, nicBps, ...hardwareFor(nicBps, kind) };
          }),
          ...(shield === -1 ? [] : shieldServers(id, scale.serversPerShield, shieldBps[shield]!, sized)),
        ],
      };
    }),
    links: links.map((link) => linkOut(link, load.links.get(link.id) ?? 0, sized)),
    prefixes: carvePrefixes(accessOut, chance),
  };
}

/** Enough of them that one can be lost, where there is more than one; none larger than servers are. */
function shieldServers(
  site: string,
  least: number,
  bps: number,
  sized: (bps: number, name: string) => number,
): Server[] {
  const needed = HEADROOM.nic * bps;
  const count = Math.max(least, Math.ceil(needed / LARGEST_NIC_BPS) + (least > 1 ? 1 : 0));
  const nicBps = sized(needed / Math.max(1, count - 1), `${site} shield`);
  return Array.from({ length: count }, (_, number) => {
    return { id: `${site}-s${number + 1}`, role: 'shield' as const, nicBps, ...hardwareFor(nicBps, 'shield') };
  });
}

/** Links carry more than our forecast says: subscribers’ access, and room for what changes its way. */
function addOwnNeeds(
  { sites: siteLoad, links }: Load,
  networks: readonly NetworkPlan[],
  access: readonly AccessPlan[],
  sites: readonly SitePlan[],
  metroCodes: readonly string[],
  peakBps: number,
): void {
  const atLeast = (link: string, bps: number) => links.set(link, Math.max(links.get(link) ?? 0, bps));
  const allLines = access.reduce((sum, { lines }) => sum + lines, 0);
  for (const { network, metro, lines } of access) {
    addLoad(links, linkNames.access(networks[network]!.id, metroCodes[metro]!), (peakBps * lines) / allLines);
  }
  for (const { id, lines, providers } of networks) {
    const bps = (TRANSIT_SHARE * peakBps * lines) / allLines;
    for (const provider of providers) atLeast(linkNames.networkTransit(id, networks[provider]!.id), bps);
  }
  sites.forEach(({ id, kind, transits }, site) => {
    if (kind !== 'ix') return;
    atLeast(linkNames.sitePort(id), PORT_SHARE * siteLoad[site]!);
    for (const carrier of transits)
      atLeast(linkNames.siteTransit(id, networks[carrier]!.id), PORT_SHARE * siteLoad[site]!);
  });
}

function networkOut(
  { id, asn, name, kind, country, providers, peers }: NetworkPlan,
  networks: readonly NetworkPlan[],
): Network {
  const names = (indexes: Iterable<number>) => [...indexes].sort((a, b) => a - b).map((index) => networks[index]!.id);
  return {
    id,
    asn,
    name,
    kind,
    ...(country === null ? {} : { country }),
    providers: names(providers),
    peers: names(peers),
  };
}

function linkOut(
  { id, kind, from, to, latencyMs, price }: LinkPlan,
  bps: number,
  sized: (bps: number, name: string) => number,
): Link {
  const neededBps =
    kind === 'backbone'
      ? HEADROOM.backbone * bps
      : crowdCapacityBps(bps, kind === 'access' ? HEADROOM.access : HEADROOM.interconnect);
  return {
    id,
    kind,
    from,
    to,
    capacityBps: sized(neededBps, id),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    pricePerMbpsMonth: price,
  };
}
