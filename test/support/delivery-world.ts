import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { Child } from '../../cli/demo/child.ts';

/**
 * A whole delivery plane as processes of its own: an origin that a pipeline of the test stream feeds, edges, steering.
 *
 *     const world = await DeliveryWorld.open(t, { sites: { near: ['near-1', 'near-2'], far: ['far-1'] } });
 *     world.playUrl('mpd', { session: 's1' })      // a personal manifest
 *     world.hostOf('near-1'), world.edgeAt(host)   // each edge has a loopback address of its own, all one port
 *     world.kill('near-1')                         // SIGKILL; any of world.names
 *     await world.drain('near-1')                  // by its admin endpoint
 *     await world.start('near-1')                  // again, after a kill or a drain (which only a restart undoes)
 *     await world.list('near-2')                   // an `unlisted` edge gets into the sites file; steering restarts
 *
 * Clients come from 127.0.0.1, whose country nobody knows: sites are preferred in the order in which they are given.
 * Edges that are not in `running` are known to steering and not started; `unlisted` ones the other way round.
 */
export interface DeliveryWorldOptions {
  /** by site id: the ids of its edges */
  sites: Record<string, readonly string[]>;
  /** the edges to begin with; all without it */
  running?: readonly string[];
  /** the edges that steering does not know to begin with */
  unlisted?: readonly string[];
  steeringFlags?: readonly string[];
}

const EVENT_ID = 'demo';
const CAPACITY_BPS = 1e9;
/** A player begins three segments behind live: so many are there before anybody comes. */
const STARTED_BEFORE_MS = 8000;

export class DeliveryWorld {
  readonly eventId = EVENT_ID;
  readonly names: readonly string[];
  readonly #options: DeliveryWorldOptions;
  readonly #folder: string;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #port: number;
  readonly #children = new Map<string, Child>();
  readonly #unlisted: Set<string>;

  private constructor(options: DeliveryWorldOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#unlisted = new Set(options.unlisted);
    const edges = Object.values(options.sites).flat();
    this.names = ['origin', 'steering', ...edges, 'pipeline'];
    // The loopback network has addresses for every process: no other test listens on these.
    const { pid } = process;
    const host = (index: number) => `127.${130 + index}.${(pid >> 8) & 255}.${pid & 255}`;
    this.#hosts = new Map(this.names.map((name, index) => [name, host(index)]));
    this.#port = 18_000 + ((pid >> 16) & 63);
  }

  static async open(t: Pick<ExecutionContext, 'teardown'>, options: DeliveryWorldOptions): Promise<DeliveryWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'undercard-world-'));
    const world = new DeliveryWorld(options, folder);
    t.teardown(async () => {
      await Promise.all([...world.#children.values()].map((child) => child.stop()));
      await rm(folder, { recursive: true });
    });
    await writeFile(world.#sitesFile, world.#sitesYaml());
    await Promise.all(['origin', 'steering'].map((name) => world.start(name)));
    await world.start('pipeline');
    const feedingMs = performance.now();
    const edges = options.running ?? Object.values(options.sites).flat();
    await Promise.all(edges.map((name) => world.start(name)));
    await new Promise((resolve) => setTimeout(resolve, feedingMs + STARTED_BEFORE_MS - performance.now()));
    return world;
  }

  get steeringUrl(): string {
    return this.url('steering');
  }

  url(name: string): string {
    return `http://${this.hostOf(name)}:${this.#port}`;
  }

  adminUrl(name: string): string {
    return `http://${this.hostOf(name)}:${this.#port + 64}`;
  }

  hostOf(name: string): string {
    return this.#hosts.get(name)!;
  }

  /** The edge (or other process) with this address; the address itself when it is nobody's. */
  edgeAt(host: string | null): string | null {
    return [...this.#hosts].find(([, its]) => its === host)?.[0] ?? host;
  }

  playUrl(kind: 'mpd' | 'm3u8', query: Record<string, string> = {}): string {
    const text = new URLSearchParams(query).toString();
    return `${this.steeringUrl}/play/${EVENT_ID}.${kind}${text === '' ? '' : `?${text}`}`;
  }

  /** What ends by itself or by `kill` may be started again. */
  async start(name: string): Promise<void> {
    const running = this.#children.get(name);
    if (running?.running) await running.stop();
    const child =
      running ?? new Child(name, this.#argsOf(name), join(this.#folder, `${name}.log`), { onUnexpectedEnd: () => {} });
    this.#children.set(name, child);
    await child.start();
  }

  kill(name: string): void {
    this.#children.get(name)!.kill();
  }

  async list(name: string): Promise<void> {
    this.#unlisted.delete(name);
    await writeFile(this.#sitesFile, this.#sitesYaml());
    await this.start('steering');
  }

  async drain(name: string): Promise<void> {
    const { status } = await fetch(`${this.adminUrl(name)}/drain`, { method: 'POST' });
    if (status >= 300) throw new Error(`${name} does not drain: ${status}`);
  }

  get #sitesFile(): string {
    return join(this.#folder, 'sites.yaml');
  }

  #argsOf(name: string): string[] {
    const listen = `${this.hostOf(name)}:${this.#port}`;
    const service = ['--id', name, '--listen', listen, '--admin', `${this.hostOf(name)}:${this.#port + 64}`, '--json'];
    if (name === 'origin') return ['origin', ...service];
    if (name === 'steering') {
      const sites = ['--sites', this.#sitesFile, '--events-from', this.url('origin')];
      return ['steering', ...service, ...sites, ...(this.#options.steeringFlags ?? [])];
    }
    if (name === 'pipeline') {
      const start = ['--start-ms', String(Date.now())];
      return ['test-stream', '--origin', this.url('origin'), '--event', EVENT_ID, ...start, '--json'];
    }
    const [site, edges] = Object.entries(this.#options.sites).find(([, ids]) => ids.includes(name))!;
    const neighbours = edges.filter((id) => id !== name).flatMap((id) => ['--neighbour', `${id}=${this.url(id)}`]);
    const report = ['--report-to', this.steeringUrl, '--capacity', `${CAPACITY_BPS / 1e6}Mbit/s`];
    return ['edge', ...service, '--site', site, '--upstream', this.url('origin'), ...neighbours, ...report];
  }

  #sitesYaml(): string {
    const sites = Object.entries(this.#options.sites).map(([id, edges], index) => ({
      id,
      country: 'DE',
      latitude: 50,
      longitude: index,
      edges: edges
        .filter((edge) => !this.#unlisted.has(edge))
        .map((edge) => ({ id: edge, url: this.url(edge), capacityBps: CAPACITY_BPS })),
    }));
    return stringify({ sites: sites.filter(({ edges }) => edges.length > 0) });
  }
}
