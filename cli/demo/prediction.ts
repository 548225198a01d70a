import { loadLoop, segmentBytes, testStreamEvent } from '../../origin/test-stream/loop.ts';
import { chooseAddresses } from '../../sim/load/viewer-addresses.ts';
import { rosterOf } from '../../sim/load/roster.ts';
import { takeSnapshot, type LoadSnapshot } from '../../sim/load/snapshot.ts';
import { Simulation, type RosterEntry, type SimulationInput } from '../../sim/run/simulation.ts';
import { scenarioSchema } from '../../sim/scenarios/scenario.ts';
import type { HopTimes } from '../../sim/actors/ways.ts';
import { KEY_KINDS } from '../../sim/actors/key-book.ts';
import type { CacheNode } from '../../sim/actors/cache-node.ts';
import type { Fault } from '../../sim/scenarios/fault-schema.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import { PIPELINE_NAMES, type DemoPlan } from './plan.ts';
import { addTotals, NOTHING, type OriginTotals, type TierTotals } from './observer.ts';

/** A process that was down, or a pipeline that did wrong, for some time after the viewers began to come. */
export interface Outage {
  name: string;
  /** a fault of a pipeline that ran on */
  fault?: string;
  fromMs: number;
  /** Infinity: to the end */
  untilMs: number;
}

/** What the prediction is made from, beside the plan. */
export interface PredictionOptions {
  /** from the event's start until the first viewer may come, in milliseconds */
  begunMs: number;
  /** from then on */
  durationMs: number;
  outages: readonly Outage[];
  /** of this machine; null: they take no time */
  hops: HopTimes | null;
}

export interface Tiers {
  edges: TierTotals;
  shield: TierTotals;
  origin: Pick<OriginTotals, 'reads' | 'segmentReads' | 'held' | 'sentBytes'>;
}

export interface Prediction {
  viewers: LoadSnapshot;
  tiers: Tiers;
  /** by edge and shield */
  nodes: Record<string, TierTotals>;
  /** what happened and is not in it */
  left: string[];
}

/** On one machine nothing but the relays bounds a rate. */
const UNBOUNDED_BPS = 1e12;
/** What it takes a pipeline to notice the time and hand its segments over, on an idle machine. */
const PUBLISH_MS = { delayMs: 8, jitterMs: 4 };
/** As `undercard test-stream` announces it. */
const DVR_WINDOW_MS = 600_000;
/** Some seconds of computing. */
const MOST_VIEWER_SECONDS = 400_000;
const TURN_EVENTS = 20_000;

/** Whether the run is short enough to be predicted while somebody waits. */
export function isPredictable({ options }: DemoPlan, durationMs: number): boolean {
  return (options.viewers * durationMs) / 1000 <= MOST_VIEWER_SECONDS;
}

/**
 * The demo as a scenario: its topology, its viewers one by one (the load's own seeds, sessions and moments), the loop's
 * segments with their sizes, the configuration that the processes get, and what was killed when.
 */
export function predictionInput(
  plan: DemoPlan,
  { begunMs, durationMs, outages, hops }: PredictionOptions,
): SimulationInput {
  const { options, world } = plan;
  const event = testStreamEvent({ eventId: options.eventId, startMs: 0, dvrWindowMs: DVR_WINDOW_MS });
  const { renditions, segmentDurationMs, dvrWindowMs } = event;
  const scenario = scenarioSchema.parse({
    name: 'demo',
    seed: options.seed,
    durationSeconds: durationMs / 1000,
    topology: { file: plan.topologyFile },
    event: {
      id: options.eventId,
      begunSeconds: begunMs / 1000,
      segmentDurationMs,
      dvrWindowSeconds: dvrWindowMs / 1000,
      renditions,
      sizeDeviation: 0,
      segmentBytes: segmentSizes(event),
      pipelines: PIPELINE_NAMES.map((id) => ({ id, ...PUBLISH_MS })),
    },
    audience: {
      viewers: Math.max(1, options.viewers),
      arrival: { kind: 'flash-crowd' },
      devices: [{ name: 'any', share: 1 }],
      // A load's viewers do not press reload.
      restarts: { kind: 'none' },
    },
    origin: { egressBps: UNBOUNDED_BPS },
    ...(options.steering === undefined ? {} : { steering: options.steering }),
    // Plain TCP on one machine: no TLS, and windows that are no bound; bodies are counted without their heads.
    transport: {
      tls: false,
      initialWindowBytes: 1e7,
      slowStartAfterIdle: false,
      headerBytes: 0,
      tickMs: 2,
      lastMileMs: 0,
    },
    server: { clockErrorMs: 0 },
    faults: outages.flatMap((outage) => faultOf(plan, outage, durationMs)),
  });
  const roster = viewersOf(plan);
  return {
    scenario,
    topology: world.topology,
    roster,
    directViewers: !options.accessRelays,
    ...(hops === null ? {} : { hops }),
  };
}

/** Runs it, in turns, so that signals and timers get theirs. */
export async function predict(plan: DemoPlan, options: PredictionOptions, signal?: AbortSignal): Promise<Prediction> {
  const simulation = new Simulation(predictionInput(plan, options));
  while (!simulation.advance(options.durationMs, TURN_EVENTS)) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...predictionOf(simulation), left: options.outages.flatMap((outage) => leftOut(plan, outage)) };
}

/** What a simulation of the demo has found until now, in the words of what is measured. */
export function predictionOf(simulation: Simulation): Omit<Prediction, 'left'> {
  const { world, viewers } = simulation;
  const { nowMs, wallMs } = world.engine;
  const reports = Array.from({ length: viewers.count }, (_viewer, viewer) => {
    const player = viewers.playerOf(viewer);
    player?.leave(nowMs, wallMs);
    return player === null ? [] : [player.report(nowMs, wallMs)];
  }).flat();
  const snapshot = takeSnapshot({
    reports,
    servers: [],
    unverifiedBodies: 0,
    startAtMs: wallMs - nowMs,
    startedMs: 0,
    nowMs,
  });
  const nodes = Object.fromEntries(world.caches.map(({ node }) => [node.id, totalsOf(node)]));
  const together = (role: string) =>
    world.caches
      .filter(({ node }) => node.role === role)
      .reduce((sum, { node }) => addTotals(sum, totalsOf(node)), NOTHING);
  const over = (value: (origin: (typeof world.origins)[number]) => number) =>
    world.origins.reduce((sum, origin) => sum + value(origin), 0);
  return {
    viewers: snapshot,
    nodes,
    tiers: {
      edges: together('edge'),
      shield: together('shield'),
      origin: {
        reads: over(({ requests }) => requests),
        segmentReads: over(({ requestsOfKind }) => requestsOfKind[KEY_KINDS.segment]!),
        held: over(({ held }) => held),
        sentBytes: over(({ sentBytes }) => sentBytes),
      },
    },
  };
}

/** The viewers that `undercard load` makes of the plan, in order of time. */
export function viewersOf(plan: DemoPlan): (RosterEntry & { address: string })[] {
  const { viewers, seed, spreadMs } = plan.options;
  const choice = chooseAddresses(plan.addressesJson(), seed);
  if (choice.kind === 'problem') throw new Error(choice.problem);
  return rosterOf(viewers, seed, spreadMs)
    .map(({ id, seed: playerSeed, session, atMs }) => ({
      atMs,
      place: choice.placeFor(id),
      address: choice.ipFor(id),
      session,
      playerSeed,
      accessBps: UNBOUNDED_BPS,
    }))
    .sort((a, b) => a.atMs - b.atMs);
}

/** By rendition, each segment of the loop as it is published. */
function segmentSizes(event: LiveEvent): Record<string, number[]> {
  const sizes = loadLoop().renditions.map((rendition) => [
    rendition.id,
    rendition.fragments.map((_fragment, index) => segmentBytes(rendition, event, event.startNumber + index).byteLength),
  ]);
  return Object.fromEntries(sizes) as Record<string, number[]>;
}

/** @returns nothing for what the simulator has no word for */
function faultOf(plan: DemoPlan, { name, fault, fromMs, untilMs }: Outage, durationMs: number): Fault[] {
  if (fromMs >= durationMs || untilMs <= 0) return [];
  const fromSeconds = Math.max(0, fromMs) / 1000;
  const forMs = untilMs - Math.max(0, fromMs);
  const when = { fromSeconds, ...(untilMs < durationMs ? { forSeconds: Math.max(0.001, forMs / 1000) } : {}) };
  if (plan.edgeNames.includes(name) || plan.shieldNames.includes(name))
    return [{ kind: 'server-down', server: name, ...when }];
  if (name === 'origin') return [{ kind: 'origin-down', ...when }];
  if (name === 'steering') return [{ kind: 'steering-down', ...when }];
  if (!(PIPELINE_NAMES as readonly string[]).includes(name)) return [];
  if (fault === 'corrupt') return [{ kind: 'segments-corrupt', pipeline: name, share: 1, ...when }];
  // One that stalls, or keeps its segments, delivers nothing either.
  return [{ kind: 'pipeline-down', pipeline: name, ...when }];
}

function leftOut(plan: DemoPlan, { name }: Outage): string[] {
  return faultOf(plan, { name, fromMs: 0, untilMs: Infinity }, 1).length > 0 ? [] : [`${name} was down`];
}

function totalsOf({ pastStats, machine: { stats }, load }: CacheNode): TierTotals {
  const both = (name: keyof typeof stats) => pastStats[name] + stats[name];
  return {
    requests: both('requests'),
    hits: both('hits') + both('staleHits'),
    collapsed: both('collapsed'),
    fills: both('fills'),
    egressBytes: load.sentBytes,
    viewerBytes: load.sentToViewersBytes,
  };
}
