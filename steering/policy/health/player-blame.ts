import type { PlayerEvidence } from './player-evidence.ts';

/** Whose fault failures are, as shares of failures that nothing else explains. */
export interface Blame {
  /** by server; those without fault are left out */
  servers: ReadonlyMap<number, number>;
  /** by network × number of sites + site; those without fault are left out */
  paths: ReadonlyMap<number, number>;
  /** servers that several networks, and enough of their clients, find well */
  well: readonly number[];
}

/** A network does well somewhere when this part of the sites that it uses does: a single good one could be chance. */
const QUARTILE = 0.25;
/** A network that fails this much elsewhere, too, tells nothing of a server. */
const FAULTY_NETWORK = 0.2;
const WELL_NETWORKS = 2;
const WELL_CLIENTS = 6;
const WELL_SHARE = 0.02;

interface Told {
  server: number;
  network: number;
  /** share of failures, as told; and as much of it as is beyond doubt */
  failing: number;
  charge: number;
  clients: number;
}

/**
 * Takes failures apart. What fails for a network at nearly all sites is the network's own fault; what fails for most of the
 * networks at a server is the server's; what is left to one network at all servers of a site is the way between
 * them. A single network's word is believed against one server only where it does well at another one of that site.
 */
export function blame(evidence: Iterable<PlayerEvidence>, siteOf: Int32Array, clientsMin: number): Blame {
  const told = toldBy(evidence, clientsMin);
  const well = wellServers(told, siteOf.length);
  // Nearly always, and then this costs little.
  if (told.every(({ charge }) => charge === 0)) return { servers: new Map(), paths: new Map(), well };

  const ways = new Ways(told, siteOf);
  const servers = new Map<number, number>();
  for (const [server, those] of groupBy(told, (one) => one.server)) {
    const fault = faultOf(those, siteOf[server]!, ways);
    if (fault > 0) servers.set(server, fault);
  }
  return { servers, paths: ways.faults(), well };
}

function toldBy(evidence: Iterable<PlayerEvidence>, clientsMin: number): Told[] {
  const told: Told[] = [];
  for (const each of evidence) {
    const { server, network, failing, clients } = each;
    if (failing >= 0) told.push({ server, network, failing, charge: each.charge(clientsMin), clients });
  }
  return told;
}

function faultOf(those: readonly Told[], site: number, ways: Ways): number {
  const believed = those.filter(({ network }) => ways.believes(network, site));
  if (believed.length === 0) return 0;
  const excesses = believed.map(({ charge, network }) => charge - ways.elsewhere(network, site));
  if (believed.length > 1) return lowerMedian(excesses);
  const [{ charge, network }] = believed as [Told];
  return Math.min(excesses[0]!, charge - ways.failing(network, site));
}

/** From each network to each site: as good as the best server at its end, for a dead server is not the way's fault. */
class Ways {
  readonly #sites: number;
  /** by network × number of sites + site */
  readonly #failing = new Map<number, number>();
  readonly #charges = new Map<number, number>();
  readonly #ofNetwork: ReadonlyMap<number, readonly number[]>;

  constructor(told: readonly Told[], siteOf: Int32Array) {
    this.#sites = siteOf.reduce((most, site) => Math.max(most, site + 1), 0);
    for (const { server, network, failing, charge } of told) {
      const key = network * this.#sites + siteOf[server]!;
      this.#failing.set(key, Math.min(failing, this.#failing.get(key) ?? 1));
      this.#charges.set(key, Math.min(charge, this.#charges.get(key) ?? 1));
    }
    this.#ofNetwork = this.#sorted([...this.#failing.keys()], (key) => Math.floor(key / this.#sites));
  }

  failing(network: number, site: number): number {
    return this.#failing.get(network * this.#sites + site)!;
  }

  /** How the network does at the other sites; 0 where it uses none. */
  elsewhere(network: number, site: number): number {
    return without(this.#ofNetwork.get(network)!, this.failing(network, site), QUARTILE);
  }

  believes(network: number, site: number): boolean {
    return this.elsewhere(network, site) <= FAULTY_NETWORK;
  }

  /** What neither the network's state elsewhere nor that of other networks at the site explains. */
  faults(): Map<number, number> {
    const network = (key: number) => Math.floor(key / this.#sites);
    const site = (key: number) => key % this.#sites;
    const believed = [...this.#failing.keys()].filter((key) => this.believes(network(key), site(key)));
    const ofSite = this.#sorted(believed, site);
    const faults = new Map<number, number>();
    for (const key of believed) {
      const others = without(ofSite.get(site(key))!, this.#failing.get(key)!, 0.5);
      const fault = this.#charges.get(key)! - this.elsewhere(network(key), site(key)) - others;
      if (fault > 0) faults.set(key, fault);
    }
    return faults;
  }

  #sorted(keys: readonly number[], groupOf: (key: number) => number): Map<number, number[]> {
    const groups = new Map<number, number[]>();
    for (const [group, those] of groupBy(keys, groupOf)) {
      const shares = those.map((key) => this.#failing.get(key)!);
      groups.set(
        group,
        shares.sort((a, b) => a - b),
      );
    }
    return groups;
  }
}

/** Players of several networks find them well, and they are most of those that are heard. */
function wellServers(told: readonly Told[], servers: number): number[] {
  const networks = new Int32Array(servers);
  const wellNetworks = new Int32Array(servers);
  const wellClients = new Int32Array(servers);
  for (const { server, failing, clients } of told) {
    networks[server]!++;
    if (failing > WELL_SHARE) continue;
    wellNetworks[server]!++;
    wellClients[server]! += clients;
  }
  const well: number[] = [];
  for (let server = 0; server < servers; server++) {
    const count = wellNetworks[server]!;
    if (count >= WELL_NETWORKS && count * 2 > networks[server]! && wellClients[server]! >= WELL_CLIENTS)
      well.push(server);
  }
  return well;
}

/** The share at `part` of the way through those that are left without one that is `own`; 0 when none are. */
function without(sorted: readonly number[], own: number, part: number): number {
  const left = sorted.length - 1;
  if (left === 0) return 0;
  const at = Math.floor(part * (left - 1));
  return sorted[at < sorted.indexOf(own) ? at : at + 1]!;
}

function lowerMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

function groupBy<Value>(values: readonly Value[], keyOf: (value: Value) => number): Map<number, Value[]> {
  const groups = new Map<number, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
