import type { HopTimes } from '../actors/ways.ts';
import { AudienceDriver } from '../actors/audience.ts';
import { Faults } from '../actors/faults.ts';
import { OnDemand } from '../actors/on-demand.ts';
import type { StartRecord } from '../actors/steering-desk.ts';
import { Viewers, type ViewerRecorder } from '../actors/viewers.ts';
import { faultsOfSites } from '../cdns/cdn-faults.ts';
import type { CdnRehearsal } from '../cdns/cdn-world.ts';
import { Random } from '../engine/random.ts';
import type { PlayerReport } from '../player/player-report.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { arrivalTimes, type ArrivalTime, type TraceLine } from '../viewers/arrivals.ts';
import { Population, type ViewerTraits } from '../viewers/population.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { assemble, type World } from './assemble.ts';
import { ArcBook } from './arcs.ts';
import { Checks } from './checks.ts';
import { DeliveryBook } from './delivery-book.ts';
import { LinkBook } from './link-book.ts';
import { SeriesBook } from './series-book.ts';
import { SessionBook } from './session-book.ts';

/** Time series have at most so many steps. */
const MOST_STEPS = 600;
const SECOND_MS = 1000;

/** The scenario's files, read. */
export interface SimulationInput {
  scenario: Scenario;
  topology: Topology;
  /** of a trace of arrivals */
  trace?: readonly TraceLine[];
  /** Who comes when, in order of time, instead of an audience by chance. */
  roster?: readonly RosterEntry[];
  /** Between viewers and servers, and steering, no time passes: only the ways between servers are those of the topology. */
  directViewers?: boolean;
  /** What servers and viewers add to each way: of real processes on one machine, that a run is compared with. */
  hops?: HopTimes;
  /** Writes down what steering decides, and what from. */
  record?: StartRecord | undefined;
  /** Other people’s CDNs, whose sites the topology has then. */
  cdns?: CdnRehearsal | undefined;
}

/** One viewer whose every trait is given. */
export interface RosterEntry {
  atMs: number;
  /** network/metro, one of the topology's access */
  place: string;
  session: string;
  playerSeed: number;
  accessBps: number;
}

/**
 * One simulation: a world, its audience, its faults and its books. `advance` goes on in virtual time; what has been
 * found until now can be read at any moment (`result.ts`).
 */
export class Simulation implements ViewerRecorder {
  readonly scenario: Scenario;
  readonly cdns: CdnRehearsal | null;
  readonly world: World;
  readonly viewers: Viewers;
  readonly audience: AudienceDriver;
  readonly onDemand: OnDemand | null;
  readonly faults: Faults;
  readonly links: LinkBook;
  readonly deliveries: DeliveryBook;
  readonly arcs: ArcBook;
  readonly sessions = new SessionBook();
  readonly series: SeriesBook;
  readonly checks: Checks;
  readonly stepMs: number;
  readonly durationMs: number;
  arrived = 0;
  present = 0;
  peakPresent = 0;
  /** viewers by place */
  readonly viewersOf: Int32Array;
  #closed = false;

  constructor({ scenario, topology, trace, roster, directViewers = false, hops, cdns, record }: SimulationInput) {
    this.scenario = scenario;
    this.cdns = cdns ?? null;
    this.durationMs = scenario.durationSeconds * SECOND_MS;
    this.stepMs = SECOND_MS * Math.max(1, Math.ceil(scenario.durationSeconds / MOST_STEPS));
    const world = assemble(scenario, topology, { directViewers, hops, cdns, record });
    this.world = world;
    const { seed, audience } = scenario;
    const { engine } = world;
    this.viewersOf = new Int32Array(world.places.length);
    this.deliveries = new DeliveryBook(world);
    this.arcs = new ArcBook(world, this.deliveries);
    this.links = new LinkBook(world.network, 2 * topology.links.length + world.caches.length + world.origins.length);
    this.viewers = new Viewers({ audience, seed, transport: scenario.transport }, { ...world, recorder: this });
    const population = new Population(audience, world.places, new Random(seed, 'population'));
    const arrival = arrivalOf(scenario, trace);
    this.audience = new AudienceDriver(
      {
        arrivals:
          roster === undefined
            ? arrivalTimes(arrival, audience.viewers, this.durationMs, new Random(seed, 'arrivals'))
            : rosterArrivals(roster, world),
        replaced: arrival.kind === 'steady',
        diurnal: arrival.kind === 'diurnal' ? { ...arrival, viewers: audience.viewers } : null,
        longitudeOf: (place) => world.places[place]!.longitude,
      },
      { engine, viewers: this.viewers, population, random: new Random(seed, 'audience') },
    );
    this.onDemand = this.#makeOnDemand(scenario, population);
    this.faults = new Faults(
      faultsOfSites(scenario.faults, this.cdns),
      scenario.transport.convergenceSeconds,
      this.durationMs,
      world,
    );
    this.series = new SeriesBook(this);
    this.checks = new Checks(this);
    this.#startBooks();
  }

  /** @returns whether the end was reached; after so many events it comes back to let others do something */
  advance(untilMs: number, eventsMax = Infinity): boolean {
    return this.world.engine.run(Math.min(untilMs, this.durationMs), eventsMax);
  }

  /** Nothing more comes: sessions that are on are booked as they stand. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { nowMs, wallMs } = this.world.engine;
    this.links.read(nowMs);
    this.links.close(nowMs);
    for (let viewer = 0; viewer < this.viewers.count; viewer++) {
      const player = this.viewers.playerOf(viewer);
      if (player !== null) this.sessions.add(viewer, this.viewers.traits[viewer]!.place, player.report(nowMs, wallMs));
    }
    this.checks.look(nowMs);
  }

  // ——— what viewers tell ———

  came(viewer: number): void {
    this.arrived++;
    this.present++;
    this.peakPresent = Math.max(this.peakPresent, this.present);
    this.viewersOf[this.viewers.traits[viewer]!.place]!++;
  }

  left(viewer: number): void {
    this.present--;
    this.audience.left(viewer);
  }

  delivered(place: number, server: number, key: number, outcome: number, bytes: number): void {
    this.deliveries.delivered(place, server, key, outcome, bytes);
  }

  sessionEnded(viewer: number, report: PlayerReport, traits: ViewerTraits): void {
    this.sessions.add(viewer, traits.place, report);
  }

  #makeOnDemand({ catalogue, seed }: Scenario, population: Population): OnDemand | null {
    const { world } = this;
    if (catalogue === undefined || world.catalogue === null) return null;
    const delivered = this.delivered.bind(this);
    return new OnDemand(catalogue, world.catalogue, new Random(seed, 'on demand'), {
      ...world,
      draw: () => population.draw(null),
      delivered,
    });
  }

  #startBooks(): void {
    const { timers } = this.world.engine;
    const kind = timers.kind((_payload, timer, nowMs) => {
      this.links.read(nowMs);
      if (nowMs % this.stepMs === 0) {
        this.links.closeStep(nowMs);
        this.series.closeStep(nowMs);
        this.arcs.closeStep(nowMs);
        this.checks.look(nowMs);
      }
      timers.set(timer, nowMs + SECOND_MS);
    });
    timers.set(timers.make(kind, 0), SECOND_MS);
  }
}

/** @throws Error for a place that the topology does not have */
function rosterArrivals(roster: readonly RosterEntry[], { places }: World): ArrivalTime[] {
  const numbers = new Map(places.map(({ network, metro }, place) => [`${network}/${metro}`, place]));
  return roster.map(({ atMs, place: name, session, playerSeed, accessBps }) => {
    const place = numbers.get(name);
    if (place === undefined) throw new Error(`the roster's ${session} is at ${name}, which the topology does not have`);
    const stays = { start: 'live' as const, behindMs: 0, stayMs: Infinity, pauseAfterMs: Infinity, pauseMs: 0 };
    return { atMs, country: null, traits: { place, device: 0, accessBps, session, playerSeed, ...stays } };
  });
}

function arrivalOf({ audience: { arrival } }: Scenario, trace: readonly TraceLine[] | undefined) {
  if (arrival.kind !== 'trace') return arrival;
  if (trace === undefined) throw new Error(`the arrival trace ${arrival.file} has not been read`);
  return { kind: 'trace' as const, lines: trace };
}
