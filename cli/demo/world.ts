import { fileURLToPath } from 'node:url';
import { BadInput } from '../../runtime/bad-input.ts';
import { Random } from '../../sim/engine/random.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { addressIn } from '../../topology/model/address-in.ts';
import { Routing } from '../../topology/model/routing.ts';
import type { Path, Server, Topology, TopologySite } from '../../topology/model/topology.ts';

/** The topology that comes with the demo. */
export const DEMO_TOPOLOGY = fileURLToPath(new URL('topology.yaml', import.meta.url));

/** Each is a process. */
const MOST_EDGES = 24;
const MOST_SHIELDS = 4;
/** Each has an address that its viewers connect from. */
const MOST_PLACES = 250;
const ADDRESSES_A_PLACE = 24;
const MOST_TRIES = 100;
/** Names of processes that are not servers of the file. */
const RESERVED = ['watch', 'viewers', 'backbone', 'access', 'steering', 'origin', 'pipeline-a', 'pipeline-b'];

export interface DemoServer {
  id: string;
  server: Server;
  site: TopologySite;
  /** index into the topology's sites */
  siteIndex: number;
}

/** Subscribers of one network in one metro. */
export interface DemoPlace {
  /** network/metro */
  name: string;
  network: string;
  metro: string;
  subscribers: number;
  /** of the prefixes there; what steering takes for its viewers' addresses */
  addresses: readonly string[];
}

/** A topology as the demo runs it: which servers there are, who watches from where, and how long the ways are. */
export class DemoWorld {
  readonly topology: Topology;
  readonly routing: Routing;
  readonly edges: readonly DemoServer[];
  readonly shields: readonly DemoServer[];
  readonly places: readonly DemoPlace[];

  /** @throws BadInput for a topology that no demo can be made of @param where the file, for messages */
  constructor(topology: Topology, seed: number, where: string) {
    this.topology = topology;
    this.routing = new Routing(topology);
    const servers = topology.sites.flatMap((site, siteIndex) =>
      site.servers.map((server): DemoServer => ({ id: server.id, server, site, siteIndex })),
    );
    this.edges = servers.filter(({ server }) => server.role === 'edge');
    this.shields = servers.filter(({ server }) => server.role === 'shield');
    const reserved = servers.find(({ id }) => RESERVED.includes(id));
    if (reserved !== undefined)
      throw new BadInput(`${where}: a server is called "${reserved.id}", as another process of the demo`);
    bounded(where, this.edges.length, 1, MOST_EDGES, 'edges');
    bounded(where, this.shields.length, 0, MOST_SHIELDS, 'shields');
    this.places = placesOf(this.routing, seed);
    bounded(where, this.places.length, 1, MOST_PLACES, 'places with subscribers and a prefix');
    for (const { id, siteIndex } of this.edges) {
      if (this.upstreamsOf(siteIndex).length === 0)
        throw new BadInput(`${where}: nothing can fill ${id}: no way leads there`);
    }
  }

  /** Edges of a site. */
  edgesAt(siteIndex: number): DemoServer[] {
    return this.edges.filter((edge) => edge.siteIndex === siteIndex);
  }

  /** Those that can fill the site's edges, nearest first: shields, or without any the origin (null). */
  upstreamsOf(siteIndex: number): { shield: DemoServer | null; path: Path }[] {
    const origin = this.originPath(siteIndex);
    if (this.shields.length === 0) return origin === null ? [] : [{ shield: null, path: origin }];
    return this.shields
      .flatMap((shield) => {
        const path = this.routing.fillPath(shield.siteIndex, siteIndex);
        return path === null ? [] : [{ shield, path }];
      })
      .sort((a, b) => a.path.oneWayMs - b.path.oneWayMs || (a.shield.id < b.shield.id ? -1 : 1));
  }

  /** From the first region, where the origin stands. */
  originPath(siteIndex: number): Path | null {
    return this.routing.fillPathFromRegion(0, siteIndex);
  }

  /** The narrowest link of a way; Infinity for one that crosses none. */
  rateBps({ links }: Path): number {
    return Math.min(...links.map((directed) => this.topology.links[directed >> 1]!.capacityBps));
  }

  /** One way from a site to the viewers of each place that can be served from there, by the place's name. */
  viewerMs(siteIndex: number): Map<string, number> {
    const ways = new Map<string, number>();
    for (const { name, network, metro } of this.places) {
      const route = this.routing.routesTo(network, metro).find(({ site }) => site === siteIndex);
      if (route !== undefined) ways.set(name, route.oneWayMs);
    }
    return ways;
  }
}

/** Reads the file and changes its backbone as asked. @throws BadInput */
export function openWorld(
  file: string,
  seed: number,
  backbone: { rttMs: number | undefined; rateBps: number | undefined },
): DemoWorld {
  const loaded = loadTopology(file);
  if (loaded.kind === 'bad') throw new BadInput(`--topology ${loaded.reason}`);
  const { rttMs, rateBps } = backbone;
  const links = loaded.topology.links.map((link) => ({
    ...link,
    ...(link.kind === 'backbone' && rttMs !== undefined ? { latencyMs: rttMs / 2 } : {}),
    ...(link.kind === 'backbone' && rateBps !== undefined ? { capacityBps: rateBps } : {}),
  }));
  return new DemoWorld({ ...loaded.topology, links }, seed, `--topology ${file}`);
}

function bounded(where: string, count: number, least: number, most: number, what: string): void {
  if (count >= least && count <= most) return;
  throw new BadInput(`${where}: ${count} ${what}; a demo can be made of ${least} to ${most}`);
}

/** Places with subscribers and at least one address that longest-prefix match finds there. */
function placesOf(routing: Routing, seed: number): DemoPlace[] {
  const { access, prefixes, sites } = routing.topology;
  const serves = ({ site }: { site: number }) => sites[site]!.servers.some(({ role }) => role === 'edge');
  return access.flatMap(({ network, metro, subscribers }) => {
    if (subscribers === 0 || !routing.routesTo(network, metro).some(serves)) return [];
    const name = `${network}/${metro}`;
    const own = prefixes.filter((prefix) => prefix.network === network && prefix.metro === metro);
    if (own.length === 0) return [];
    const random = new Random(seed, `addresses ${name}`);
    const addresses: string[] = [];
    for (let tries = 0; tries < MOST_TRIES && addresses.length < ADDRESSES_A_PLACE; tries++) {
      const address = addressIn(own[tries % own.length]!.prefix, () => random.uniform());
      // A longer prefix inside may belong to somebody else.
      const found = routing.locate(address);
      if (found?.network === network && found.metro === metro) addresses.push(address);
    }
    return addresses.length === 0 ? [] : [{ name, network, metro, subscribers, addresses }];
  });
}
