import { Random } from '../engine/random.ts';
import { Engine } from '../engine/engine.ts';
import { NodeClock } from '../engine/node-clock.ts';
import { FlowNetwork } from '../network/flow-network.ts';
import { loadCountryPositions } from '../../topology/load/country-positions.ts';
import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';
import { newestNumber, oldestNumber } from '../../topology/model/live-window.ts';
import type { Site } from '../../topology/model/site.ts';
import type { Server, Topology, TopologySite } from '../../topology/model/topology.ts';
import { latencyMs } from '../../topology/model/way.ts';
import { CacheNode, FillAsker, type CacheWorld } from '../actors/cache-node.ts';
import { KeyBook, type Catalogue } from '../actors/key-book.ts';
import { OriginNode } from '../actors/origin-node.ts';
import { Pipelines } from '../actors/pipelines.ts';
import { ServerLoad } from '../actors/server-load.ts';
import { SteeringDesk, type SteeringParts, type StartRecord } from '../actors/steering-desk.ts';
import { steeringOneWayMs, Ways, type PlacedServer, type WayOptions } from '../actors/ways.ts';
import { Wire } from '../actors/wire.ts';
import { CdnSteeringDesk } from '../cdns/cdn-desk.ts';
import type { CdnRehearsal } from '../cdns/cdn-world.ts';
import { FillChecker } from '../checkers/fill-checker.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** Subscribers of one network in one metro, with what the simulation needs of them at hand. */
export interface Place {
  network: string;
  metro: string;
  country: string;
  subscribers: number;
  longitude: number;
  /** one way to steering, which stands in every region */
  steeringMs: number;
}

/** A cache server of the topology and its node. */
export interface CacheServer {
  node: CacheNode;
  server: Server;
  site: TopologySite;
  siteIndex: number;
}

/** Everything of one simulation but its viewers, faults and books. */
export interface World {
  topology: Topology;
  engine: Engine;
  network: FlowNetwork;
  ways: Ways;
  wire: Wire;
  keys: KeyBook;
  places: readonly Place[];
  /** by number on the wire */
  caches: readonly CacheServer[];
  origins: readonly OriginNode[];
  pipelines: Pipelines;
  desk: SteeringDesk;
  fillChecker: FillChecker;
  serverOf: ReadonlyMap<string, number>;
  catalogue: Catalogue | null;
}

/** Of a run on one machine that is compared with: see SimulationInput. */
type Machine = Pick<WayOptions, 'directViewers' | 'hops'> & {
  cdns?: CdnRehearsal | undefined;
  record?: StartRecord | undefined;
};

/** @throws Error for a scenario that names what the topology does not have (the loader checks before) */
export function assemble(scenario: Scenario, topology: Topology, machine: Machine = {}): World {
  const { seed } = scenario;
  const engine = new Engine();
  const places = placesOf(topology, scenario.transport.lastMileMs, machine);
  const listed = topology.sites.flatMap((site, siteIndex) =>
    site.servers.map((server) => ({ site, siteIndex, server })),
  );
  const regions = originRegions(scenario, topology);
  const placed: PlacedServer[] = [
    ...listed.map(({ siteIndex, server }) => ({ site: siteIndex, region: -1, sendBps: server.nicBps })),
    ...regions.map((region) => ({ site: -1, region, sendBps: scenario.origin.egressBps })),
  ];
  const ways = new Ways(topology, placed, places, { ...scenario.transport, ...machine });
  // The wire is what the network tells, and needs the network to be made.
  const sink = { done: (exchange: number, nowMs: number) => wire.flowDone(exchange, nowMs) };
  const network: FlowNetwork = new FlowNetwork(engine.timers, ways.capacitiesBps(), sink, scenario.transport.tickMs);
  ways.attach(network);
  const wire: Wire = new Wire(engine, network, scenario.transport);

  const event = eventOf(scenario, engine.wallMs);
  const catalogue = scenario.catalogue === undefined ? null : makeCatalogue(scenario.catalogue, seed);
  const keys = new KeyBook(event, scenario.event, oldestNumber(event, engine.wallMs), catalogue);
  const fillChecker = new FillChecker();
  const caches: CacheServer[] = [];
  const fillKind = wire.addAskers(new FillAsker(wire, (server) => caches[server]!.node), true);
  const cacheWorld: CacheWorld = {
    engine,
    wire,
    keys,
    fillKind,
    wakeKind: engine.timers.kind((server) => caches[server]!.node.wake()),
    event: () => keys.event,
    way: (from, to) => ways.toServer(from, to),
    nicBps: (server) => placed[server]!.sendBps,
    fillBegan: (node, key, fillId, resumes) => fillChecker.began(node.id, key, fillId, resumes, engine.nowMs),
    fillEnded: (node, fillId) => fillChecker.ended(node.id, fillId),
  };
  const clocks = new Random(seed, 'clocks');
  const origins = regions.map((_region, index) => listed.length + index);
  const shields = [...listed.keys()].filter((index) => listed[index]!.server.role === 'shield');
  listed.forEach(({ site, siteIndex, server }, number) => {
    const isShield = server.role === 'shield';
    const { clockErrorMs, clockDriftPpm } = scenario.server;
    const members = site.servers.filter(({ role }) => role === 'edge');
    const above = isShield || shields.length === 0 ? origins : shields;
    const node = new CacheNode(
      {
        id: server.id,
        server: number,
        role: server.role,
        policy: policyFor(scenario, server),
        site: isShield ? [] : members.map(({ id }) => id),
        upstreams: nearestFirst(above, number, ways),
        neighbours: isShield ? new Map() : neighboursOf(listed, siteIndex, number),
        ...(isShield ? { budget: scenario.shield.budget } : {}),
        clock: new NodeClock(
          clocks.between(-clockErrorMs, clockErrorMs),
          clocks.between(-clockDriftPpm, clockDriftPpm),
        ),
        load: new ServerLoad(server.cpuCores, scenario.server),
      },
      cacheWorld,
    );
    wire.addServer(node);
    caches.push({ node, server, site, siteIndex });
  });

  const pipelineIds = scenario.event.pipelines.map(({ id }) => id);
  const limits = { ...scenario.origin, maxDvrWindowMs: event.dvrWindowMs, maxEvents: 4 };
  const originNodes = regions.map((region) => {
    const { id } = topology.regions[region]!;
    const origin = new OriginNode(`origin-${id}`, id, pipelineIds, limits, { engine, wire, keys });
    origin.server = wire.addServer(origin);
    origin.announce(event);
    return origin;
  });
  const pipelines = new Pipelines(
    scenario.event.pipelines.map((pipeline) => ({
      ...pipeline,
      region: pipeline.region ?? topology.regions[regions[0]!]!.id,
      oneWayMs: regions.map((region) => regionsMs(topology, pipeline.region, region, regions[0]!)),
    })),
    seed,
    { engine, keys, origins: originNodes, event: () => keys.event },
  );

  const edges = caches.filter(({ node }) => node.role === 'edge');
  const deskParts: SteeringParts = {
    engine,
    sites: steeringSites(topology),
    countries: loadCountryPositions(),
    metros: new Map(topology.metros.map((metro) => [metro.id, metro])),
    routes: {
      get version() {
        return ways.version;
      },
      sitesTo: (networkId, metro) => ways.sitesTo(networkId, metro),
    },
    siteIds: topology.sites.map(({ id }) => id),
    edges: edges.map(({ node, site, server }) => ({
      node,
      site: site.id,
      nicBps: server.nicBps,
      egressBytes: () => network.linkBytes(ways.serverLink(node.server), engine.nowMs),
    })),
    seed,
    record: machine.record,
  };
  const { cdns } = machine;
  const desk =
    cdns === undefined
      ? new SteeringDesk(scenario.steering, deskParts)
      : new CdnSteeringDesk(scenario.steering, deskParts, cdns);
  pipelines.start();
  const serverOf = new Map(caches.map(({ node }) => [node.id, node.server]));
  return {
    topology,
    engine,
    network,
    ways,
    wire,
    keys,
    places,
    caches,
    origins: originNodes,
    pipelines,
    desk,
    fillChecker,
    serverOf,
    catalogue,
  };
}

/** The event as its document says it when the run begins. */
function eventOf({ event, durationSeconds }: Scenario, wallMs: number): LiveEvent {
  const { segmentDurationMs, begunSeconds, endsSeconds, renditions, dvrWindowSeconds, id } = event;
  const availabilityStartMs = wallMs - Math.round(begunSeconds * 1000);
  const timing = { availabilityStartMs, segmentDurationMs, startNumber: 1, dvrWindowMs: dvrWindowSeconds * 1000 };
  const ends = endsSeconds !== undefined && endsSeconds <= durationSeconds;
  return {
    id,
    state: 'live',
    ...timing,
    // Who comes late knows from the document when it ends.
    ...(ends ? { endNumber: newestNumber(timing, wallMs + endsSeconds * 1000) } : {}),
    renditions: [...renditions],
    ...defaultTemplates(id),
  };
}

function placesOf(topology: Topology, lastMileMs: number, { directViewers = false, hops }: Machine): Place[] {
  const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
  return topology.access.map(({ network, metro: metroId, subscribers }) => {
    const metro = metros.get(metroId)!;
    return {
      network,
      metro: metroId,
      country: metro.country,
      longitude: metro.longitude,
      subscribers,
      steeringMs: directViewers
        ? (hops?.nearMs ?? 0)
        : lastMileMs + steeringOneWayMs(topology, metro) + (hops?.farMs ?? 0),
    };
  });
}

function originRegions({ origin }: Scenario, { regions }: Topology): number[] {
  if (origin.regions === undefined) return [0];
  return origin.regions.map((id) => {
    const index = regions.findIndex((region) => region.id === id);
    if (index < 0) throw new Error(`origin.regions: the topology has no region "${id}"`);
    return index;
  });
}

function regionsMs({ regions, pathStretch }: Topology, from: string | undefined, to: number, first: number): number {
  const source = from === undefined ? regions[first]! : regions.find(({ id }) => id === from);
  if (source === undefined) throw new Error(`event.pipelines: the topology has no region "${from}"`);
  return latencyMs(source, regions[to]!, pathStretch);
}

/** As configured, and no more memory than the machine has. */
function policyFor(scenario: Scenario, server: Server) {
  const { policy } = server.role === 'shield' ? scenario.shield : scenario.edge;
  return { ...policy, memoryBytes: Math.min(policy.memoryBytes, server.memoryBytes) };
}

/** Those that can be reached, by the time it takes; where none can, all, for links come back. */
function nearestFirst(candidates: readonly number[], to: number, ways: Ways): number[] {
  const distances = new Map(candidates.map((from) => [from, ways.oneWayMs(from, to)]));
  return candidates.toSorted((a, b) => distances.get(a)! - distances.get(b)! || a - b);
}

function neighboursOf(
  listed: readonly { siteIndex: number; server: Server }[],
  siteIndex: number,
  self: number,
): Map<string, number> {
  const neighbours = new Map<string, number>();
  listed.forEach((other, number) => {
    if (other.siteIndex === siteIndex && number !== self && other.server.role === 'edge')
      neighbours.set(other.server.id, number);
  });
  return neighbours;
}

function steeringSites(topology: Topology): Site[] {
  const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
  return topology.sites.flatMap(({ id, metro: metroId, kind, servers }) => {
    const { country, latitude, longitude } = metros.get(metroId)!;
    const edges = servers
      .filter(({ role }) => role === 'edge')
      .map((server) => ({ id: server.id, url: `http://${server.id}`, capacityBps: server.nicBps }));
    return edges.length === 0 ? [] : [{ id, country, latitude, longitude, kind, edges }];
  });
}

/** Lengths of titles, log-normal; chunks of one size. */
function makeCatalogue(section: NonNullable<Scenario['catalogue']>, seed: number): Catalogue {
  const random = new Random(seed, 'catalogue');
  const { titles, meanTitleSeconds, deviation, chunkSeconds, bandwidthBps } = section;
  const median = meanTitleSeconds * Math.exp(-(deviation ** 2) / 2);
  const chunks = Int32Array.from({ length: titles }, () =>
    Math.max(1, Math.ceil(random.logNormal(median, deviation) / chunkSeconds)),
  );
  return { chunks, chunkBytes: Math.round((bandwidthBps * chunkSeconds) / 8) };
}
