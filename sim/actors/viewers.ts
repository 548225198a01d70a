import { SLOW_DURATIONS, SLOW_MS } from '../../steering/policy/health/cmcd-events.ts';
import type { Ranking as SteeringAnswer } from '../../steering/policy/ranking.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { Engine } from '../engine/engine.ts';
import { grown } from '../engine/grown.ts';
import type { Adaptation, TransferProgress } from '../player/adaptation.ts';
import { newAdaptation } from '../player/adaptation-kinds.ts';
import { cappedLadder, ladderOf, type Ladder } from '../player/ladder.ts';
import { DEFAULT_PLAYER_CONFIG, type PlayerConfig } from '../player/player-config.ts';
import type { StartAt } from '../player/live-position.ts';
import type { FailureCause, PlayerReport } from '../player/player-report.ts';
import type { PlayerSink } from '../player/player-sink.ts';
import { Players } from '../player/player.ts';
import type { Ranking } from '../player/server-choice.ts';
import { ViewerBehaviour } from '../player/viewer-behaviour.ts';
import type { Audience } from '../scenarios/audience-schema.ts';
import type { ViewerTraits } from '../viewers/population.ts';
import { Connections } from './connections.ts';
import { KEY_KINDS, type KeyBook } from './key-book.ts';
import type { SteeringDesk } from './steering-desk.ts';
import type { Wire, WireAsker, WireFailure, WirePath } from './wire.ts';
import type { Ways } from './ways.ts';

/** Connections of one viewer: documents, video and audio each have their own. */
const LANES = { document: 0, video: 1, audio: 2, steering: 3 } as const;
const LANE_COUNT = 4;
const NOTHING = -1;

export interface ViewerWorld {
  engine: Engine;
  wire: Wire;
  ways: Ways;
  keys: KeyBook;
  desk: SteeringDesk;
  /** number on the wire, by node's name */
  serverOf: ReadonlyMap<string, number>;
  /** by place: its country, and one way to steering */
  places: readonly { country: string; network: string; metro: string; steeringMs: number }[];
  recorder: ViewerRecorder;
}

/** What the run wants to know of each transfer and session. */
export interface ViewerRecorder {
  delivered(place: number, server: number, key: number, outcome: number, bytes: number): void;
  sessionEnded(viewer: number, report: PlayerReport, traits: ViewerTraits): void;
  /** who has come, who is there now */
  came(viewer: number): void;
  left(viewer: number): void;
}

export interface ViewerOptions {
  audience: Audience;
  seed: number;
  transport: { tls: boolean; initialWindowBytes: number; slowStartAfterIdle: boolean };
}

/**
 * The audience: each viewer a player machine, its fetches exchanges on the wire. A thin driver: what players decide is
 * decided in `sim/player`, which ranking they get in `steering/policy`.
 */
export class Viewers implements PlayerSink, WireAsker {
  /** how many have come */
  count = 0;
  readonly #players: Players;
  /** by viewer: is there */
  #present = new Uint8Array(1024);
  /** who has lost patience for good */
  gaveUp = 0;
  readonly traits: ViewerTraits[] = [];
  /** segments asked for, by everybody */
  segmentRequests = 0;
  /** of these, those that came, whole */
  segmentsFetched = 0;
  /** fetches that did not bring what was asked for, or were given up */
  failures = 0;
  /** segments asked of another server than the one before */
  serverSwitches = 0;
  reloads = 0;
  readonly #world: ViewerWorld;
  readonly #options: ViewerOptions;
  readonly #kind: number;
  /** by device */
  readonly #configs: readonly PlayerConfig[];
  readonly #wakeKind: number;
  readonly #steeringKind: number;
  #ladder: Ladder;
  readonly #wakeTimers: number[] = [];
  readonly #steeringTimers: number[] = [];
  readonly #sessions: number[] = [];
  readonly #behaviours: ViewerBehaviour[] = [];
  readonly #patienceTimers: number[] = [];
  readonly #patienceKind: number;
  /** by viewer and lane */
  #fetches = new Int32Array(1024 * LANE_COUNT);
  #exchanges = new Int32Array(1024 * LANE_COUNT);
  readonly #connections: Connections;
  /** of each viewer the server of its last way, and that way */
  readonly #wayServer: number[] = [];
  readonly #ways: (WirePath | null)[] = [];
  /** of each viewer what it asked last for a segment, and at which bitrate its last video segment came */
  readonly #lastServer: number[] = [];
  readonly #bitrateBps: number[] = [];
  /** of each viewer what is needed of its traits with each segment */
  #places = new Int32Array(1024);
  #accessBps = new Float64Array(1024);
  /** serves all, where the rule can */
  readonly #sharedAdaptation: Adaptation | null;
  /** of each viewer what steering let it have when all servers were nearly full; else Infinity */
  readonly #grantedBps: number[] = [];
  /** by device: what its viewers take at most */
  readonly #nominalBps: readonly number[];
  /** by server */
  readonly #names: readonly string[];
  readonly #wayVersion: number[] = [];

  constructor(options: ViewerOptions, world: ViewerWorld) {
    this.#options = options;
    this.#world = world;
    this.#configs = playerConfigs(options.audience);
    this.#connections = new Connections(options.transport);
    this.#players = new Players(this);
    this.#sharedAdaptation =
      options.audience.player.adaptation === 'hls' ? newAdaptation('hls', this.#players.rows) : null;
    this.#kind = world.wire.addAskers(this, false);
    this.#ladder = ladderOf(world.keys.event);
    this.#nominalBps = this.#configs.map((caps) => cappedLadder(this.#ladder, caps).variantBps.at(-1)!);
    this.#names = namesOf(world.serverOf);
    const { timers } = world.engine;
    this.#wakeKind = timers.kind((viewer) => this.#wake(viewer));
    this.#steeringKind = timers.kind((viewer) => this.#steeringAnswers(viewer));
    this.#patienceKind = timers.kind((viewer) => this.#losesPatience(viewer));
  }

  /** Somebody comes. @returns the viewer's number */
  arrive(traits: ViewerTraits): number {
    const viewer = this.count++;
    const { timers } = this.#world.engine;
    this.traits.push(traits);
    this.#sessions.push(0);
    this.#wakeTimers.push(timers.make(this.#wakeKind, viewer));
    this.#steeringTimers.push(timers.make(this.#steeringKind, viewer));
    this.#patienceTimers.push(timers.make(this.#patienceKind, viewer));
    const { restarts } = this.#options.audience;
    const habits = { ...restarts, patienceMs: restarts.patienceSeconds * 1000 };
    this.#behaviours.push(new ViewerBehaviour(habits, stableHash(`viewer ${viewer}`, this.#options.seed) | 0));
    this.#wayServer.push(NOTHING);
    this.#ways.push(null);
    this.#wayVersion.push(-1);
    this.#lastServer.push(NOTHING);
    this.#bitrateBps.push(0);
    this.#grantedBps.push(Infinity);
    this.#room(viewer + 1);
    this.#places[viewer] = traits.place;
    this.#accessBps[viewer] = traits.accessBps;
    this.#world.recorder.came(viewer);
    this.#begin(viewer);
    return viewer;
  }

  leave(viewer: number): void {
    if (this.#present[viewer] === 0) return;
    this.#end(viewer);
    const { timers } = this.#world.engine;
    for (const timer of [this.#wakeTimers, this.#steeringTimers, this.#patienceTimers]) timers.free(timer[viewer]!);
    this.#world.recorder.left(viewer);
  }

  pause(viewer: number): void {
    this.#tell(viewer, (player, nowMs, wallMs) => player.pause(nowMs, wallMs));
  }

  resume(viewer: number): void {
    this.#tell(viewer, (player, nowMs, wallMs) => player.resume(nowMs, wallMs));
  }

  #tell(viewer: number, event: (player: Players, nowMs: number, wallMs: number) => void): void {
    const player = this.playerOf(viewer);
    if (player === null) return;
    event(player, this.#world.engine.nowMs, this.#world.engine.wallMs);
    this.#arm(viewer, player);
  }

  /** The event's document says something new. */
  eventChanged(): void {
    this.#ladder = ladderOf(this.#world.keys.event);
  }

  // ——— what players ask for ———

  askServers(viewer: number, fetchId: number): void {
    this.#fetches[viewer * LANE_COUNT + LANES.steering] = fetchId;
    const { engine, places } = this.#world;
    const { steeringMs } = places[this.traits[viewer]!.place]!;
    // A new connection each time: steering is asked seldom.
    const roundTrips = this.#options.transport.tls ? 3 : 2;
    engine.timers.set(this.#steeringTimers[viewer]!, engine.nowMs + 2 * roundTrips * steeringMs);
  }

  fetchEvent(viewer: number, fetchId: number, server: number): void {
    this.#ask(viewer, LANES.document, fetchId, server, this.#world.keys.document());
  }

  fetchInit(viewer: number, fetchId: number, server: number, rendition: number): void {
    this.#ask(viewer, this.#laneOf(rendition), fetchId, server, this.#world.keys.init(rendition));
  }

  fetchSegment(viewer: number, fetchId: number, server: number, rendition: number, number: number): void {
    this.segmentRequests++;
    const last = this.#lastServer[viewer]!;
    if (last !== server) {
      if (last !== NOTHING) this.serverSwitches++;
      this.#lastServer[viewer] = server;
    }
    this.#ask(viewer, this.#laneOf(rendition), fetchId, server, this.#world.keys.segment(rendition, number));
  }

  cancel(viewer: number, fetchId: number): number {
    const lane = this.#laneWith(viewer, fetchId);
    if (lane === NOTHING) return 0;
    this.#fetches[lane] = 0;
    const { engine, wire } = this.#world;
    if (lane - viewer * LANE_COUNT === LANES.steering) {
      this.failures++;
      engine.timers.cancel(this.#steeringTimers[viewer]!);
      return 0;
    }
    // What took that long has timed out; what is cancelled earlier is only wanted no more, or lower.
    const { transferTimeoutMs } = this.#configs[this.traits[viewer]!.device]!;
    if (engine.nowMs - wire.askedMs[this.#exchanges[lane]!]! >= transferTimeoutMs) {
      this.failures++;
      this.#tellSteering(viewer, wire.server[this.#exchanges[lane]!]!, 'failed');
    }
    return this.#abandon(viewer, lane);
  }

  progress(viewer: number, fetchId: number, progress: TransferProgress): void {
    const { wire, engine } = this.#world;
    const exchange = this.#exchanges[this.#laneWith(viewer, fetchId)]!;
    const firstByteMs = wire.firstByteMs[exchange]!;
    const hasBegun = firstByteMs >= 0 && firstByteMs <= engine.nowMs;
    progress.receivedBytes = wire.receivedBytes(exchange);
    progress.totalBytes = hasBegun ? wire.sizeBytes[exchange]! : -1;
    progress.firstByteMs = hasBegun ? firstByteMs - wire.askedMs[exchange]! : -1;
  }

  // ——— what the wire says ———

  head(): void {}

  done(exchange: number, nowMs: number): void {
    const { wire, keys, engine, recorder } = this.#world;
    const viewer = wire.asker[exchange]!;
    const fetchId = wire.reference[exchange]!;
    const lane = this.#settle(viewer, fetchId);
    this.#connections.used(lane, wire.windowBytes(exchange), nowMs);
    const key = wire.key[exchange]!;
    const sizeBytes = wire.sizeBytes[exchange]!;
    recorder.delivered(this.#places[viewer]!, wire.server[exchange]!, key, wire.outcome[exchange]!, sizeBytes);
    const player = this.#players.focus(viewer);
    if (keys.kind(key) === KEY_KINDS.document)
      player.learned(fetchId, this.#granted(viewer), sizeBytes, nowMs, engine.wallMs);
    else {
      if (keys.kind(key) === KEY_KINDS.segment) this.#fetchedSegment(viewer, key);
      const tookMs = nowMs - wire.askedMs[exchange]!;
      const isSlow = tookMs > Math.max(SLOW_MS, SLOW_DURATIONS * keys.event.segmentDurationMs);
      this.#tellSteering(viewer, wire.server[exchange]!, isSlow ? 'failed' : 'well');
      player.fetched(fetchId, sizeBytes, wire.firstByteMs[exchange]! - wire.askedMs[exchange]!, nowMs, engine.wallMs);
    }
    this.#arm(viewer, player);
  }

  failed(exchange: number, failure: WireFailure, nowMs: number): void {
    const { wire, engine } = this.#world;
    const viewer = wire.asker[exchange]!;
    const fetchId = wire.reference[exchange]!;
    const lane = this.#settle(viewer, fetchId);
    const status = wire.status[exchange]!;
    if (failure !== 'answered') this.#connections.close(lane);
    this.failures++;
    const cause = failure === 'answered' ? causeOf(status) : failure === 'refused' ? 'network' : 'truncated';
    // The field has whole seconds, and is kept with what is stored.
    const retryAfterMs = failure === 'answered' && status === 503 ? 1000 * Math.ceil(wire.ttlMs[exchange]! / 1000) : -1;
    const bytes = wire.receivedBytes(exchange);
    if (bytes > 0) this.#delivered(viewer, exchange, bytes);
    // What is not there is the origin's matter (steering/policy/health/cmcd-events.ts).
    if (cause !== 'not-found' && cause !== 'gone') this.#tellSteering(viewer, wire.server[exchange]!, 'failed');
    const player = this.#players.focus(viewer);
    player.failed(fetchId, cause, bytes, retryAfterMs, nowMs, engine.wallMs);
    this.#arm(viewer, player);
  }

  /** null when it is not there; good until another player is asked for */
  playerOf(viewer: number): Players | null {
    return this.#present[viewer] === 1 ? this.#players.focus(viewer) : null;
  }

  /** Nominal, of the video segment that came last. */
  bitrateBps(viewer: number): number {
    return this.#bitrateBps[viewer]!;
  }

  // ——— inside ———

  #fetchedSegment(viewer: number, key: number): void {
    this.segmentsFetched++;
    const { kind, bandwidth } = this.#world.keys.event.renditions[this.#world.keys.rendition(key)]!;
    if (kind === 'video') this.#bitrateBps[viewer] = bandwidth;
  }

  #tellSteering(viewer: number, server: number, sign: 'well' | 'failed'): void {
    const { desk, places } = this.#world;
    desk.playerTold(server, places[this.#places[viewer]!]!.network, viewer, sign);
  }

  #begin(viewer: number): void {
    const { engine } = this.#world;
    const { audience, seed } = this.#options;
    const session = this.#sessions[viewer]!++;
    const traits = this.traits[viewer]!;
    const { adaptation } = audience.player;
    this.#players.make(viewer, {
      id: viewer,
      seed: traits.playerSeed ?? stableHash(`player ${viewer} ${session}`, seed) | 0,
      adaptation: this.#sharedAdaptation ?? newAdaptation(adaptation),
      config: this.#configs[traits.device]!,
      startAt: startOf(traits),
    });
    const player = this.#players;
    this.#present[viewer] = 1;
    // Whoever begins anew is a new session for steering, too.
    this.#lastServer[viewer] = NOTHING;
    for (let slot = viewer * LANE_COUNT; slot < (viewer + 1) * LANE_COUNT; slot++) this.#connections.close(slot);
    player.start(engine.nowMs, engine.wallMs);
    this.#arm(viewer, player);
    this.#behaviours[viewer]!.started(engine.nowMs);
    this.#armPatience(viewer);
  }

  #losesPatience(viewer: number): void {
    const player = this.#players.focus(viewer);
    const behaviour = this.#behaviours[viewer]!;
    switch (behaviour.wake(this.#world.engine.nowMs, player.stillSinceMs, player.ranking)) {
      case 'wait':
        return this.#armPatience(viewer);
      case 'reload':
        this.reloads++;
        this.#end(viewer);
        return this.#begin(viewer);
      case 'give-up':
        this.gaveUp++;
        return this.leave(viewer);
    }
  }

  #armPatience(viewer: number): void {
    const { timers, nowMs } = this.#world.engine;
    timers.set(this.#patienceTimers[viewer]!, Math.max(nowMs, this.#behaviours[viewer]!.nextWakeMs));
  }

  #end(viewer: number): void {
    const { engine, recorder } = this.#world;
    const player = this.#players.focus(viewer);
    player.leave(engine.nowMs, engine.wallMs);
    recorder.sessionEnded(viewer, player.report(engine.nowMs, engine.wallMs), this.traits[viewer]!);
    engine.timers.cancel(this.#wakeTimers[viewer]!);
    engine.timers.cancel(this.#steeringTimers[viewer]!);
    engine.timers.cancel(this.#patienceTimers[viewer]!);
    for (let lane = viewer * LANE_COUNT; lane < (viewer + 1) * LANE_COUNT; lane++) {
      if (this.#fetches[lane] === 0) continue;
      this.#fetches[lane] = 0;
      if (lane % LANE_COUNT !== LANES.steering) this.#abandon(viewer, lane);
    }
    this.#present[viewer] = 0;
  }

  #ask(viewer: number, lane: number, fetchId: number, server: number, key: number): void {
    const { wire } = this.#world;
    const slot = viewer * LANE_COUNT + lane;
    const way = this.#wayTo(viewer, server);
    const first = viewer * LANE_COUNT;
    const connections = this.#connections;
    const { nowMs } = this.#world.engine;
    connections.open(slot, first, first + LANES.steering, this.#fetches, server, way.oneWayMs, nowMs);
    const { setUpMs, windowBytes } = connections;
    this.#fetches[slot] = fetchId;
    const accessBps = this.#accessBps[viewer]!;
    this.#exchanges[slot] = wire.ask(this.#kind, viewer, fetchId, server, key, way, setUpMs, accessBps, windowBytes);
  }

  #wayTo(viewer: number, server: number): WirePath {
    const { ways } = this.#world;
    if (this.#wayServer[viewer] !== server || this.#wayVersion[viewer] !== ways.version) {
      this.#wayServer[viewer] = server;
      this.#wayVersion[viewer] = ways.version;
      this.#ways[viewer] = ways.toPlace(server, this.#places[viewer]!);
    }
    return this.#ways[viewer]!;
  }

  #steeringAnswers(viewer: number): void {
    const { desk, engine, places, serverOf, keys } = this.#world;
    const player = this.#players.focus(viewer);
    const fetchId = this.#settle(viewer, this.#fetches[viewer * LANE_COUNT + LANES.steering]!, LANES.steering);
    if (desk.down) player.failed(fetchId, 'network', 0, -1, engine.nowMs, engine.wallMs);
    else {
      const { country, network, metro } = places[this.traits[viewer]!.place]!;
      const client = this.traits[viewer]!.session ?? `load-${this.#options.seed}-${viewer}`;
      const path = `/live/${keys.event.id}/master.m3u8`;
      const nominalBps = this.#nominalBps[this.traits[viewer]!.device]!;
      const playing = this.#names[this.#lastServer[viewer]!] ?? null;
      const answer = desk.rank({ country, client, path, subscriber: { network, metro }, nominalBps, playing });
      const { verdict, maxBitrateBps = Infinity } = answer.admission;
      this.#grantedBps[viewer] = maxBitrateBps;
      const retryAfterMs = answer.backoff.retryAfterSeconds * 1000;
      if (verdict === 'refused') player.failed(fetchId, 'status', 0, retryAfterMs, engine.nowMs, engine.wallMs);
      else player.ranked(fetchId, rankingOf(answer, serverOf), engine.nowMs, engine.wallMs);
    }
    this.#arm(viewer, player);
  }

  #wake(viewer: number): void {
    const { engine } = this.#world;
    const player = this.#players.focus(viewer);
    player.wake(engine.nowMs, engine.wallMs);
    this.#arm(viewer, player);
  }

  #arm(viewer: number, player: Players): void {
    const { timers, nowMs } = this.#world.engine;
    timers.set(this.#wakeTimers[viewer]!, Math.max(nowMs, player.nextWakeMs));
  }

  /** What the event has for it; less where steering had to reduce it. */
  #granted(viewer: number): Ladder {
    return cappedLadder(this.#ladder, { maxHeight: Infinity, maxBitrateBps: this.#grantedBps[viewer]! });
  }

  #laneOf(rendition: number): number {
    return this.#world.keys.event.renditions[rendition]!.kind === 'audio' ? LANES.audio : LANES.video;
  }

  #laneWith(viewer: number, fetchId: number): number {
    const first = viewer * LANE_COUNT;
    for (let lane = first; lane < first + LANE_COUNT; lane++) if (this.#fetches[lane] === fetchId) return lane;
    return NOTHING;
  }

  /** The fetch is over. @returns its lane, or of steering its number */
  #settle(viewer: number, fetchId: number, steering?: number): number {
    if (steering !== undefined) {
      this.#fetches[viewer * LANE_COUNT + steering] = 0;
      return fetchId;
    }
    const lane = this.#laneWith(viewer, fetchId);
    this.#fetches[lane] = 0;
    return lane;
  }

  /** A connection that is closed in mid-answer must be set up anew. @returns the bytes that had come */
  #abandon(viewer: number, lane: number): number {
    const exchange = this.#exchanges[lane]!;
    const bytes = this.#world.wire.cancel(exchange);
    this.#connections.close(lane);
    if (bytes > 0) this.#delivered(viewer, exchange, bytes);
    return bytes;
  }

  #delivered(viewer: number, exchange: number, bytes: number): void {
    const { wire, recorder } = this.#world;
    recorder.delivered(
      this.#places[viewer]!,
      wire.server[exchange]!,
      wire.key[exchange]!,
      wire.outcome[exchange]!,
      bytes,
    );
  }

  #room(viewers: number): void {
    this.#connections.room(viewers * LANE_COUNT);
    if (viewers <= this.#present.length) return;
    const size = this.#present.length * 2;
    this.#present = grown(this.#present, size);
    this.#places = grown(this.#places, size);
    this.#accessBps = grown(this.#accessBps, size);
    this.#fetches = grown(this.#fetches, size * LANE_COUNT);
    this.#exchanges = grown(this.#exchanges, size * LANE_COUNT);
  }
}

function playerConfigs({ player, devices }: Audience): PlayerConfig[] {
  const { adaptation: _adaptation, ...changes } = player;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return devices.map(({ maxHeight = Infinity, maxBitrateBps = Infinity }) => ({
    ...DEFAULT_PLAYER_CONFIG,
    ...given,
    maxHeight,
    maxBitrateBps,
  }));
}

function startOf({ start, behindMs }: ViewerTraits): StartAt {
  return start === 'behind' ? { behindLiveMs: behindMs } : start;
}

function rankingOf({ servers, ttlSeconds, backoff }: SteeringAnswer, serverOf: ReadonlyMap<string, number>): Ranking {
  return {
    servers: servers.map(({ id }) => serverOf.get(id)!),
    ttlMs: ttlSeconds * 1000,
    maxRetries: backoff.maxRetries,
    retryAfterMs: backoff.retryAfterSeconds * 1000,
  };
}

function namesOf(serverOf: ReadonlyMap<string, number>): string[] {
  const names: string[] = [];
  for (const [name, server] of serverOf) names[server] = name;
  return names;
}

/** As players over HTTP judge a status (sim/load/transfer.ts). */
function causeOf(status: number): FailureCause {
  if (status === 404) return 'not-found';
  return status === 410 ? 'gone' : 'status';
}
