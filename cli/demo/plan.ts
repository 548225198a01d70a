import { stringify } from 'yaml';
import type { Sites } from '../../topology/model/site.ts';

/** What the demo can be told. */
export interface DemoOptions {
  port: number;
  viewers: number;
  seed: number;
  rttMs: number;
  rateBps: number;
  eventId: string;
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

const EDGE_CAPACITY_BPS = 1e9;

/** Three sites far apart, so that geography decides; two edges each, so that an owner can be lost. */
const SITES = [
  { id: 'amsterdam', country: 'NL', latitude: 52.37, longitude: 4.89, edges: ['edge-1', 'edge-2'] },
  { id: 'new-york', country: 'US', latitude: 40.71, longitude: -74.01, edges: ['edge-3', 'edge-4'] },
  { id: 'singapore', country: 'SG', latitude: 1.35, longitude: 103.82, edges: ['edge-5', 'edge-6'] },
] as const;

/** Where the viewers live: a few countries round each site. Their addresses are drawn from the country database. */
export const AUDIENCE = [
  'NL',
  'DE',
  'GB',
  'FR',
  'ES',
  'PL',
  'US',
  'CA',
  'MX',
  'BR',
  'SG',
  'IN',
  'JP',
  'ID',
  'AU',
] as const;

export const EDGE_NAMES: readonly string[] = SITES.flatMap(({ edges }) => [...edges]);
export const PIPELINE_NAMES = ['pipeline-a', 'pipeline-b'] as const;
/** What can be killed and started again. */
export const PROCESS_NAMES = [...EDGE_NAMES, 'shield', 'backbone', 'origin', 'steering', ...PIPELINE_NAMES] as const;

/**
 * Each process has a loopback address of its own and all use the same two ports, data and admin, because players tell
 * servers apart by host name and never by port (reference: standards §1).
 */
export class DemoPlan {
  readonly options: DemoOptions;
  readonly #folder: string;

  /** @param folder for the files the processes read */
  constructor(options: DemoOptions, folder: string) {
    this.options = options;
    this.#folder = folder;
  }

  get sitesFile(): string {
    return `${this.#folder}/sites.yaml`;
  }

  get addressesFile(): string {
    return `${this.#folder}/addresses.json`;
  }

  get watchAddress() {
    return { host: '127.0.0.1', port: this.options.port };
  }

  url(name: string): string {
    return `http://${HOSTS[name]}:${this.options.port}`;
  }

  adminUrl(name: string): string {
    return `http://${HOSTS[name]}:${this.options.port + 1}`;
  }

  siteOf(edge: string): string {
    return SITES.find(({ edges }) => (edges as readonly string[]).includes(edge))!.id;
  }

  sitesYaml(): string {
    const sites: Sites = {
      sites: SITES.map(({ edges, ...site }) => ({
        ...site,
        kind: 'ix',
        edges: edges.map((id) => ({ id, url: this.url(id), capacityBps: EDGE_CAPACITY_BPS })),
      })),
    };
    return stringify(sites);
  }

  /** Everything but pipelines and viewers. */
  processes(): ProcessPlan[] {
    return [
      this.#service('origin', ['origin', '--id', 'origin']),
      this.#service('shield', [
        'shield',
        ...['--id', 'shield', '--site', 'core', '--upstream', this.url('origin')],
        ...EDGE_NAMES.flatMap((edge) => ['--tier', edge]),
      ]),
      this.#relay(),
      this.#service('steering', [
        'steering',
        ...['--id', 'steering', '--sites', this.sitesFile, '--events-from', this.url('origin'), '--allow-ip-parameter'],
      ]),
      ...EDGE_NAMES.map((edge) => this.#edge(edge)),
    ];
  }

  /** @param startMs wall clock of the event's start, the same for all */
  pipelines(startMs: number): ProcessPlan[] {
    return PIPELINE_NAMES.map((name) => this.#pipeline(name, startMs));
  }

  viewers(): ProcessPlan {
    const { viewers, seed, eventId } = this.options;
    return {
      name: 'viewers',
      args: [
        'load',
        this.url('steering'),
        ...['--event', eventId, '--viewers', String(viewers), '--seed', String(seed), '--duration', '500h'],
        ...['--spread', '10s', '--country-addresses', this.addressesFile, '--json'],
      ],
    };
  }

  #service(name: string, args: string[]): ProcessPlan {
    const { port } = this.options;
    const host = HOSTS[name]!;
    return {
      name,
      args: [...args, '--listen', `${host}:${port}`, '--admin', `${host}:${port + 1}`, '--json'],
      url: this.url(name),
      adminUrl: this.adminUrl(name),
    };
  }

  #edge(id: string): ProcessPlan {
    const site = SITES.find(({ edges }) => (edges as readonly string[]).includes(id))!;
    const neighbours = site.edges.filter((edge) => edge !== id);
    return this.#service(id, [
      'edge',
      ...['--id', id, '--site', site.id, '--upstream', this.url('backbone')],
      ...neighbours.flatMap((edge) => ['--neighbour', `${edge}=${this.url(edge)}`]),
      ...['--report-to', this.url('steering'), '--capacity', `${EDGE_CAPACITY_BPS / 1e6}Mbit/s`],
      ...['--count-agent', 'undercard-load/'],
    ]);
  }

  #relay(): ProcessPlan {
    const { port, rttMs, rateBps } = this.options;
    const ends = ['--listen', `${HOSTS.backbone}:${port}`, '--to', `${HOSTS.shield}:${port}`];
    return {
      name: 'backbone',
      args: ['relay', ...ends, '--rtt', `${rttMs}ms`, '--rate', `${rateBps / 1e6}Mbit/s`, '--json'],
      url: this.url('backbone'),
    };
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

const HOSTS: Record<string, string> = {
  watch: '127.0.0.1',
  ...Object.fromEntries(EDGE_NAMES.map((edge, index) => [edge, `127.0.0.${11 + index}`])),
  steering: '127.0.0.10',
  shield: '127.0.0.21',
  backbone: '127.0.0.22',
  origin: '127.0.0.31',
};
