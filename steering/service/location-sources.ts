import { setImmediate } from 'node:timers/promises';
import { BadInput } from '../../runtime/bad-input.ts';
import type { Log } from '../../runtime/log.ts';
import { GeoDatabases, openGeoDatabase, ownDatabaseFile, type GeoDatabase } from '../../topology/load/geo-mmdb.ts';
import { nearestName } from '../../topology/model/near-name.ts';
import { Routing } from '../../topology/model/routing.ts';
import type { Position, Site } from '../../topology/model/site.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { CoverageZones } from '../policy/location/coverage-zones.ts';
import { CurrentOrder } from '../policy/location/current-order.ts';
import { Proximity } from '../policy/location/proximity.ts';
import { siteOrderOf, type SiteOrder } from '../policy/location/site-order.ts';
import type { SteeringPolicyConfig } from '../policy/steering-config.ts';
import { WhereaboutsTable, type Whereabouts } from '../policy/location/whereabouts.ts';
import { ClientLocator, type ClientLocation, type Locator, type LocationTrace } from './client-location.ts';
import { FileWatch, signatureOf } from './file-watch.ts';
import { readCoverageZonesApart, readTopologyApart } from './read-apart.ts';

/** What clients are located by; each file is read anew when it has changed. */
export interface LocationFiles {
  /** country, city or ASN databases, the most trusted first; without any that knows countries, the one that comes with us */
  mmdbFiles?: readonly string[] | undefined;
  coverageZonesFile?: string | undefined;
  /** a modelled Internet (topology/model/topology.ts) */
  topologyFile?: string | undefined;
}

export type LocationInput = 'mmdb' | 'coverage-zones' | 'topology';
/** taken: what the file says now is in use. refused: it cannot be used, what was read before stays. gone: the same */
export type ReadingOutcome = 'taken' | 'refused' | 'gone';

export interface LocationSourcesOptions {
  files: LocationFiles;
  sites: readonly Site[];
  /** where the sites come from, for messages */
  sitesFile: string;
  policy: SteeringPolicyConfig['policy'];
  countries: ReadonlyMap<string, Position>;
  /** where clients are taken to be of whom nothing is known */
  defaultPosition?: Position | null | undefined;
  /** whether others than coverage zones want to know the subdivisions of clients */
  needsSubdivisions?: boolean | undefined;
  log: Log;
  onReading?: ((input: LocationInput, outcome: ReadingOutcome) => void) | undefined;
  /** how often to look whether a file has changed; 0: never */
  watchEveryMs?: number | undefined;
}

export interface InputState {
  input: LocationInput;
  file: string;
  /** how often it was read with success */
  version: number;
  /** why the file as it is now is not in use; null: it is */
  refused: string | null;
}

const WATCH_EVERY_MS = 2000;
/** How long the thread that answers is kept busy at a time with orders of a new topology, and how long it goes on with the old. */
const WARM_SLICE_MS = 5;
const WARM_BEFORE_MS = 300;

/**
 * Locates clients and orders sites for them by what is in files, and takes in those that change: beside the answering,
 * and at once for all. A file that has become unusable leaves things as they are, with one line in the log.
 */
export class LocationSources implements Locator {
  readonly order: CurrentOrder;
  readonly #options: LocationSourcesOptions;
  readonly #proximity: Proximity;
  readonly #siteIds: readonly string[];
  readonly #places = new WhereaboutsTable();
  readonly #states: InputState[] = [];
  readonly #watches: FileWatch[] = [];
  readonly #databases: GeoDatabase[] = [];
  #zones: CoverageZones | null = null;
  #routing: Routing | null = null;
  /** how many were read */
  #topologies = 0;
  #isClosed = false;
  #locator: ClientLocator;

  private constructor(options: LocationSourcesOptions) {
    this.#options = options;
    this.#siteIds = options.sites.map(({ id }) => id);
    this.#proximity = new Proximity(options.sites, options.countries);
    this.order = new CurrentOrder(this.#orderOf(null));
    this.#locator = this.#newLocator();
  }

  /** @throws BadInput naming the flag and the file */
  static async open(options: LocationSourcesOptions): Promise<LocationSources> {
    const sources = new LocationSources(options);
    const { mmdbFiles = [], coverageZonesFile, topologyFile } = options.files;
    try {
      for (const file of mmdbFiles) await sources.#openDatabase(file);
      if (!sources.#databases.some(({ tellsPlaces }) => tellsPlaces)) await sources.#openDatabase(ownDatabaseFile());
      if (coverageZonesFile !== undefined) {
        await sources.#open('coverage-zones', coverageZonesFile, (file) => sources.#readZones(file));
      }
      if (topologyFile !== undefined) {
        await sources.#open('topology', topologyFile, (file) => sources.#readTopology(file));
      }
    } catch (error) {
      sources.close();
      throw error;
    }
    return sources;
  }

  /** Of the topology in use. */
  get routing(): Routing | null {
    return this.#routing;
  }

  locate(address: string): ClientLocation {
    return this.#locator.locate(address);
  }

  trace(address: string): LocationTrace {
    return this.#locator.trace(address);
  }

  states(): InputState[] {
    return this.#states.map((state) => ({ ...state }));
  }

  close(): void {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
  }

  async #openDatabase(file: string): Promise<void> {
    const at = this.#databases.length;
    await this.#open('mmdb', file, async () => {
      const outcome = await openGeoDatabase(file);
      if (outcome.kind === 'bad') return outcome.reason;
      this.#databases[at] = outcome.database;
      return null;
    });
  }

  async #readZones(file: string): Promise<string | null> {
    const outcome = await readCoverageZonesApart(file, this.#siteIds);
    if (outcome.kind === 'bad') return outcome.reason;
    const { zones, notices } = outcome;
    this.#zones = new CoverageZones(zones, this.#siteIds);
    if (notices.length > 0) {
      this.#options.log.info({ file, count: notices.length, first: notices[0] }, 'coverage zones overlap');
    }
    return null;
  }

  async #readTopology(file: string): Promise<string | null> {
    const outcome = await readTopologyApart(file);
    if (outcome.kind === 'bad') return outcome.reason;
    const { topology } = outcome;
    const missing = this.#missingSite(topology, file);
    if (missing !== null) return missing;
    this.#topologies++;
    const routing = new Routing(topology);
    const order = this.#orderOf(routing);
    const places = [...this.order.known()].toReversed();
    const left = await this.#warm(order, places, WARM_BEFORE_MS);
    this.order.replace(order);
    this.#routing = routing;
    void this.#warm(order, left, Infinity);
    return null;
  }

  #missingSite({ sites }: Topology, file: string): string | null {
    const known = new Set(sites.map(({ id }) => id));
    const missing = this.#siteIds.find((id) => !known.has(id));
    if (missing === undefined) return null;
    const near = nearestName(missing, known);
    const mend = near === null ? `it has ${[...known].slice(0, 8).join(', ')}` : `did you mean "${near}"?`;
    return `${file}: no site "${missing}", which ${this.#options.sitesFile} has; ${mend}`;
  }

  #orderOf(routing: Routing | null): SiteOrder {
    const { policy, sites } = this.#options;
    return siteOrderOf(
      policy,
      sites,
      this.#proximity,
      routing && {
        table: { version: 0, sitesTo: (network, metro) => routing.sitesTo(network, metro) },
        siteIds: routing.topology.sites.map(({ id }) => id),
      },
    );
  }

  /**
   * Finds the orders of the places that clients come from, those of late first, a little at a time: found all at once
   * when they are asked for, thousands of them would keep viewers waiting.
   * @returns those that are left after so long, or when another topology has come
   */
  async #warm(order: SiteOrder, places: readonly Whereabouts[], mostMs: number): Promise<readonly Whereabouts[]> {
    const topologies = this.#topologies;
    const startedMs = performance.now();
    let sliceEndMs = startedMs + WARM_SLICE_MS;
    for (const [at, where] of places.entries()) {
      order.order({ country: where.country, client: '', where });
      const nowMs = performance.now();
      if (nowMs < sliceEndMs) continue;
      await setImmediate();
      const isOver = performance.now() - startedMs > mostMs || topologies !== this.#topologies || this.#isClosed;
      if (isOver) return places.slice(at + 1);
      sliceEndMs = performance.now() + WARM_SLICE_MS;
    }
    return [];
  }

  /** @param read takes in the file, or says in one line why not */
  async #open(input: LocationInput, file: string, read: (file: string) => Promise<string | null>): Promise<void> {
    const signature = await signatureOf(file);
    const reason = await read(file);
    if (reason !== null) throw new BadInput(`--${input} ${reason}`);
    this.#locator = this.#newLocator();
    const state: InputState = { input, file, version: 1, refused: null };
    this.#states.push(state);
    const { watchEveryMs: everyMs = WATCH_EVERY_MS } = this.#options;
    if (everyMs === 0 || signature === null) return;
    const onChanged = () => this.#readAgain(state, read);
    const onGone = () => this.#refuse(state, 'gone', `${file}: no such file`);
    this.#watches.push(new FileWatch({ file, everyMs, onChanged, onGone }, signature));
  }

  async #readAgain(state: InputState, read: (file: string) => Promise<string | null>): Promise<void> {
    const { input, file } = state;
    const startedMs = performance.now();
    // Whatever goes wrong with a file must not take the service down, which has a good one.
    const reason = await read(file).catch((error: unknown) => `${file}: ${String(error)}`);
    if (reason !== null) return this.#refuse(state, 'refused', reason);
    this.#locator = this.#newLocator();
    state.version++;
    state.refused = null;
    this.#options.onReading?.(input, 'taken');
    this.#options.log.info({ input, file, ms: Math.round(performance.now() - startedMs) }, 'changed file taken in');
  }

  #refuse(state: InputState, outcome: 'refused' | 'gone', reason: string): void {
    state.refused = reason;
    this.#options.onReading?.(state.input, outcome);
    this.#options.log.warn({ input: state.input, reason }, 'changed file not taken in; what was read before stays');
  }

  #newLocator(): ClientLocator {
    const { countries, defaultPosition = null, needsSubdivisions } = this.#options;
    return new ClientLocator({
      databases: new GeoDatabases([...this.#databases]),
      routing: this.#routing,
      zones: this.#zones,
      countries,
      defaultPosition,
      places: this.#places,
      needsSubdivisions,
    });
  }
}
