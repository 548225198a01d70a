import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';
import { stringify } from 'yaml';
import { steeringOneWayMs, WITHIN_SITE_MS } from '../../sim/actors/ways.ts';
import type { Sites } from '../../topology/model/site.ts';
import type { DemoServer, DemoWorld } from './world.ts';

/** What the demo can be told. */
export interface DemoOptions {
  port: number;
  viewers: number;
  seed: number;
  eventId: string;
  /** viewers arrive at random over this long */
  spreadMs: number;
  /** the ways from edges to viewers have the round trips and rates of the topology */
  accessRelays: boolean;
  /** edges and shields write down every decision */
  recorded?: boolean;
  /** how steering decides, where that is not the default: its configuration file (`--config`) */
  steering?: Partial<SteeringPolicyConfig>;
  /** null: until Ctrl-C */
  durationMs: number | null;
}

/** One process of the demo: how it is started, and where it answers. */
export interface ProcessPlan {
  name: string;
  args: string[];
  url?: string;
  adminUrl?: string;
}

/** One link of a relay, as `undercard relay --links` reads it. */
export interface LinkPlan {
  listen: string;
  to: string;
  rttMs: number;
  rttMsFrom?: Record<string, number>;
  rateBps: number;
}

export const PIPELINE_NAMES = ['pipeline-a', 'pipeline-b'] as const;

/** What a relay can be told at most; a faster link is no bound on one machine. */
const MOST_RATE_BPS = 100e9;
/** What a server has when the topology says no less: the policy's own default. */
const MEMORY_BYTES = 512 * 2 ** 20;

/**
 * Each process has a loopback address of its own and all use the same two ports, data and admin, because players tell
 * servers apart by host name and never by port (reference: standards §1). Where relays stand for the ways to viewers,
 * they have those addresses, and the servers behind them others.
 */
export class DemoPlan {
  readonly options: DemoOptions;
  readonly world: DemoWorld;
  readonly edgeNames: readonly string[];
  readonly shieldNames: readonly string[];
  /** What can be killed and started again. */
  readonly processNames: readonly string[];
  readonly #folder: string;
  readonly #hosts = new Map<string, string>();
  /** by near and far end: where the backbone's relay listens */
  readonly #ways = new Map<string, string>();

  /** @param folder for the files the processes read */
  constructor(options: DemoOptions, world: DemoWorld, folder: string) {
    this.options = options;
    this.world = world;
    this.#folder = folder;
    this.edgeNames = world.edges.map(({ id }) => id);
    this.shieldNames = world.shields.map(({ id }) => id);
    const fillWays = this.#fillWays();
    this.processNames = [
      ...this.edgeNames,
      ...this.shieldNames,
      ...(fillWays.length > 0 ? ['backbone'] : []),
      ...(options.accessRelays ? ['access'] : []),
      'origin',
      'steering',
      ...PIPELINE_NAMES,
    ];
    this.#hosts.set('watch', '127.0.0.1').set('origin', '127.0.0.9').set('steering', '127.0.0.10');
    this.edgeNames.forEach((edge, index) => this.#hosts.set(edge, `127.0.0.${11 + index}`));
    this.shieldNames.forEach((shield, index) => this.#hosts.set(shield, `127.0.0.${41 + index}`));
    for (const link of fillWays) this.#ways.set(`${link.site} ${link.above}`, `127.0.2.${1 + this.#ways.size}`);
  }

  get sitesFile(): string {
    return `${this.#folder}/sites.yaml`;
  }

  get steeringFile(): string {
    return `${this.#folder}/steering.json`;
  }

  get topologyFile(): string {
    return `${this.#folder}/topology.json`;
  }

  get addressesFile(): string {
    return `${this.#folder}/addresses.json`;
  }

  recordingFile(node: string): string {
    return `${this.#folder}/${node}.recording`;
  }

  /** @param relay backbone or access */
  linksFile(relay: string): string {
    return `${this.#folder}/${relay}.json`;
  }

  get watchAddress() {
    return { host: '127.0.0.1', port: this.options.port };
  }

  /** Where others reach it. */
  url(name: string): string {
    return `http://${this.#hosts.get(name)!}:${this.options.port}`;
  }

  adminUrl(name: string): string {
    return `http://${this.#hosts.get(name)!}:${this.options.port + 1}`;
  }

  siteOf(edge: string): string {
    return this.world.edges.find(({ id }) => id === edge)!.site.id;
  }

  sitesYaml(): string {
    const metros = new Map(this.world.topology.metros.map((metro) => [metro.id, metro]));
    const sites: Sites = {
      sites: this.world.topology.sites.flatMap(({ id, metro, kind }, siteIndex) => {
        const edges = this.world.edgesAt(siteIndex);
        if (edges.length === 0) return [];
        const { country, latitude, longitude } = metros.get(metro)!;
        const servers = edges.map(({ id: edge, server }) => ({
          id: edge,
          url: this.url(edge),
          capacityBps: server.nicBps,
        }));
        return [{ id, country, latitude, longitude, kind, edges: servers }];
      }),
    };
    return stringify(sites);
  }

  /** Where viewers sit, as `undercard load` reads it: by place its share and its addresses, and where they connect from. */
  addressesJson(): string {
    const places = this.world.places.map(({ name, subscribers, addresses }, index) => [
      name,
      { weight: subscribers, addresses, ...(this.options.accessRelays ? { from: hostOfPlace(index) } : {}) },
    ]);
    return JSON.stringify(Object.fromEntries(places));
  }

  /** The ways that edges and shields fill over. */
  backboneLinks(): LinkPlan[] {
    return this.#fillWays().map(({ site, above, rttMs, rateBps }) => ({
      listen: `${this.#ways.get(`${site} ${above}`)!}:${this.options.port}`,
      to: `${this.#hosts.get(above)!}:${this.options.port}`,
      rttMs,
      rateBps: Math.min(MOST_RATE_BPS, rateBps),
    }));
  }

  /** Each edge's own interface and the ways from it to its viewers; and those to steering. */
  accessLinks(): LinkPlan[] {
    const { topology, places, edges } = this.world;
    const link = (name: string, oneWayMs: ReadonlyMap<string, number>, rateBps: number): LinkPlan => ({
      listen: `${this.#hosts.get(name)!}:${this.options.port}`,
      to: `${this.#hostBehind(name)}:${this.options.port}`,
      // Whoever is of no place (the other edges of the site, the watch page) is next to it.
      rttMs: 2 * WITHIN_SITE_MS,
      rttMsFrom: Object.fromEntries(
        places.map((place, index) => [
          hostOfPlace(index),
          2 * (oneWayMs.get(place.name) ?? Math.max(...oneWayMs.values())),
        ]),
      ),
      rateBps: Math.min(MOST_RATE_BPS, rateBps),
    });
    const metros = new Map(topology.metros.map((metro) => [metro.id, metro]));
    const toSteering = new Map(places.map(({ name, metro }) => [name, steeringOneWayMs(topology, metros.get(metro)!)]));
    return [
      ...edges.map(({ id, siteIndex, server }) => link(id, this.world.viewerMs(siteIndex), server.nicBps)),
      link('steering', toSteering, MOST_RATE_BPS),
    ];
  }

  /** Everything but pipelines and viewers. */
  processes(): ProcessPlan[] {
    return [
      this.#service('origin', ['origin', '--id', 'origin']),
      ...this.world.shields.map((shield) => this.#shield(shield)),
      ...['backbone', 'access'].filter((name) => this.processNames.includes(name)).map((name) => this.#relay(name)),
      this.#service('steering', [
        'steering',
        ...['--id', 'steering', '--sites', this.sitesFile, '--topology', this.topologyFile],
        ...['--events-from', this.url('origin'), '--allow-ip-parameter', '--test-cases'],
        ...['--public-url', this.url('steering')],
        ...(this.options.steering === undefined ? [] : ['--config', this.steeringFile]),
      ]),
      ...this.world.edges.map((edge) => this.#edge(edge)),
    ];
  }

  /** @param startMs wall clock of the event's start, the same for all */
  pipelines(startMs: number): ProcessPlan[] {
    return PIPELINE_NAMES.map((name) => this.#pipeline(name, startMs));
  }

  /** @param startAtMs wall clock at which they begin to come; without it: when they are ready */
  viewers(startAtMs?: number): ProcessPlan {
    const { viewers, seed, eventId, spreadMs } = this.options;
    return {
      name: 'viewers',
      args: [
        'load',
        this.url('steering'),
        ...['--event', eventId, '--viewers', String(viewers), '--seed', String(seed), '--duration', '500h'],
        ...['--spread', `${spreadMs}ms`, '--country-addresses', this.addressesFile, '--json'],
        ...(startAtMs === undefined ? [] : ['--start-at', String(startAtMs)]),
      ],
    };
  }

  #service(name: string, args: string[]): ProcessPlan {
    const { port } = this.options;
    const admin = `${this.#hosts.get(name)!}:${port + 1}`;
    return {
      name,
      args: [...args, '--listen', `${this.#hostBehind(name)}:${port}`, '--admin', admin, '--json'],
      url: this.url(name),
      adminUrl: this.adminUrl(name),
    };
  }

  #edge({ id, site, siteIndex, server }: DemoServer): ProcessPlan {
    const { port } = this.options;
    const neighbours = this.world.edgesAt(siteIndex).filter((edge) => edge.id !== id);
    return this.#service(id, [
      'edge',
      ...['--id', id, '--site', site.id, ...this.#upstreams(siteIndex), '--memory', memoryOf(server)],
      ...neighbours.flatMap((edge) => ['--neighbour', `${edge.id}=${this.url(edge.id)}`]),
      ...[
        '--report-to',
        `http://${this.#hostBehind('steering')}:${port}`,
        '--capacity',
        `${server.nicBps / 1e6}Mbit/s`,
      ],
      ...['--count-agent', 'undercard-load/', ...this.#record(id)],
    ]);
  }

  #shield({ id, site, siteIndex, server }: DemoServer): ProcessPlan {
    return this.#service(id, [
      'shield',
      ...['--id', id, '--site', site.id, '--upstream', this.#wayUp(siteIndex, 'origin'), '--memory', memoryOf(server)],
      ...this.edgeNames.flatMap((edge) => ['--tier', edge]),
      ...this.#record(id),
    ]);
  }

  #record(node: string): string[] {
    return this.options.recorded ? ['--record', this.recordingFile(node)] : [];
  }

  #upstreams(siteIndex: number): string[] {
    return this.world
      .upstreamsOf(siteIndex)
      .flatMap(({ shield }) => ['--upstream', this.#wayUp(siteIndex, shield?.id ?? 'origin')]);
  }

  /** Over the backbone's relay, where there is a way to be modelled. */
  #wayUp(siteIndex: number, above: string): string {
    const host = this.#ways.get(`${this.world.topology.sites[siteIndex]!.id} ${above}`) ?? this.#hosts.get(above)!;
    return `http://${host}:${this.options.port}`;
  }

  /** From each site with edges to what fills it, from each shield's to the origin; not inside one site. */
  #fillWays(): { site: string; above: string; rttMs: number; rateBps: number }[] {
    const { world } = this;
    return world.topology.sites.flatMap(({ id: site }, siteIndex) => {
      const ups = world.edgesAt(siteIndex).length > 0 ? world.upstreamsOf(siteIndex) : [];
      const isShields = world.shields.some((shield) => shield.siteIndex === siteIndex);
      const origin = isShields ? world.originPath(siteIndex) : null;
      return [...ups, ...(origin === null ? [] : [{ shield: null, path: origin }])]
        .filter(({ shield }) => shield?.siteIndex !== siteIndex)
        .map(({ shield, path }) => ({
          site,
          above: shield?.id ?? 'origin',
          rttMs: 2 * path.oneWayMs,
          rateBps: world.rateBps(path),
        }));
    });
  }

  /** Where it listens itself. */
  #hostBehind(name: string): string {
    const host = this.#hosts.get(name)!;
    const isRelayed = this.options.accessRelays && (name === 'steering' || this.edgeNames.includes(name));
    return isRelayed ? host.replace('127.0.0.', '127.0.1.') : host;
  }

  #relay(name: string): ProcessPlan {
    return { name, args: ['relay', '--links', this.linksFile(name), '--json'] };
  }

  #pipeline(name: string, startMs: number): ProcessPlan {
    const { eventId } = this.options;
    return {
      name,
      args: [
        'test-stream',
        ...['--origin', this.url('origin'), '--event', eventId, '--pipeline', name.replace('pipeline-', '')],
        ...['--start-ms', String(startMs), '--control-stdin', '--json'],
      ],
    };
  }
}

/** What viewers of a place connect from, so that the relay knows how far away they are. */
function hostOfPlace(index: number): string {
  return `127.1.0.${1 + index}`;
}

export function memoryBytesOf(server: { memoryBytes: number }): number {
  return Math.min(MEMORY_BYTES, server.memoryBytes);
}

function memoryOf(server: { memoryBytes: number }): string {
  return `${memoryBytesOf(server)}B`;
}
