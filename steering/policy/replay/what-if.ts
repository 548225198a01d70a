import { placeNetwork, placeNetworkOf } from '../location/access-network.ts';
import { contentOf } from '../content.ts';
import type { DecisionFields, RecordHeader } from '../record/decision-record.ts';
import { TIERS } from '../candidates.ts';
import type { DecisionView } from '../record/decision-view.ts';
import { Propensity } from '../record/propensity.ts';
import { MOST_SITES } from '../candidate-search.ts';
import type { Ranking, RankingRequest } from '../ranking.ts';
import { LoadPeaks } from './load-peaks.ts';
import { PlacedLoad } from './placed-load.ts';
import { UnusableRecord, type RecordEvent } from './record-reader.ts';
import type { RecordedPlace } from './recorded-place.ts';
import { BiasBook } from './replay-bias.ts';
import { ReplayWorld, type WorldChange } from './replay-world.ts';
import { SessionBook, type Placement, type SessionState } from './session-book.ts';
import type { WhatIfResult } from './what-if-result.ts';
import { WhatIfSums } from './what-if-sums.ts';

type DecisionEvent = RecordEvent & { kind: 'decision' };

/** What the replayed ranking made of one request, in the record's numbers. */
interface Replayed {
  server: number;
  isRank0Passed: boolean;
  /** it went through all sites that the record has for the place, and would have gone on */
  isBeyond: boolean;
  propensityOfRecorded: number;
}

/**
 * Makes the decisions of a record again under a changed policy or with servers missing, in a closed loop: where sessions are
 * placed otherwise, later reports are moved by what that would have changed.
 */
export class WhatIf {
  readonly #change: WorldChange;
  readonly #bias = new BiasBook();
  #header: RecordHeader | null = null;
  #world!: ReplayWorld;
  #propensity!: Propensity;
  #parts: Parts | null = null;
  /** from the record's monotonic clock to Unix time */
  #offsetMs = 0;
  #fromMs = Number.NaN;
  #untilMs = Number.NaN;
  #explored = 0;
  #decisions = 0;
  #beyondRecord = 0;
  #isPartial = false;

  constructor(change: WorldChange) {
    this.#change = change;
  }

  /** @throws UnusableRecord where sites change on the way */
  feed(event: RecordEvent): void {
    if (event.kind === 'header') return this.#begin(event.header, event.goesOn);
    const nowMs = event.atMs + this.#offsetMs;
    this.#untilMs = nowMs;
    const { book, load } = this.#parts!;
    book.advance(nowMs);
    load.advance(nowMs);
    switch (event.kind) {
      case 'decision':
        return this.#decide(event, nowMs);
      case 'report':
        return this.#report(event, nowMs);
      case 'sign':
        this.#bias.playerTold(placeNetwork(event.network), event.server, event.sign);
        break;
      case 'gap':
        this.#isPartial = true;
        break;
      case 'explained':
        // Asked by people, of what was then.
        return;
      case 'probe':
      case 'settle':
      case 'changed':
    }
    this.#world.feed(event);
  }

  /** @returns null for a record without decisions */
  result(): WhatIfResult | null {
    const parts = this.#parts;
    if (parts === null || this.#decisions === 0) return null;
    parts.book.finish();
    return {
      fromMs: this.#fromMs,
      untilMs: this.#untilMs,
      decisions: this.#decisions,
      sessions: parts.book.count,
      explored: this.#explored,
      ...parts.sums.result(parts.peaksBefore, parts.peaksAfter, this.#world.serverNow),
      bias: this.#bias.result(parts.exploreShare),
      beyondRecord: this.#beyondRecord,
      isPartial: this.#isPartial,
    };
  }

  #begin(header: RecordHeader, goesOn: boolean): void {
    const before = this.#header;
    if (before !== null && JSON.stringify(before.sites) !== JSON.stringify(header.sites)) {
      throw new UnusableRecord('from here on the sites are others: replay what comes before it and what follows apart');
    }
    this.#header = header;
    if (goesOn) return;
    if (before !== null || header.part > 0) this.#isPartial = true;
    this.#offsetMs = header.wallMs - header.atMs;
    if (before === null) this.#fromMs = header.wallMs;
    this.#untilMs = Math.max(header.wallMs, this.#fromMs);
    this.#world = new ReplayWorld(header, this.#change);
    this.#propensity = new Propensity(this.#world.steering.exploreShare);
    this.#parts ??= new Parts(header, this.#world);
  }

  #decide({ atMs, decision, request, place }: DecisionEvent, nowMs: number): void {
    const { book, load, sums, siteOf, nominalBps } = this.#parts!;
    this.#decisions++;
    if (decision.explored) this.#explored++;
    const known = book.comes(decision.session, nowMs);
    const sessionBps = decision.nominalBps === 0 ? nominalBps : decision.nominalBps;
    const before = this.#placedBefore(decision, place, sessionBps);
    const asked = this.#askedNow(request, known);
    let replayed: Replayed | null = null;
    const ranking = this.#world.ranking.rankTold(asked, atMs, (view) => {
      replayed = this.#look(view, decision, place);
    });
    const { server, isRank0Passed, isBeyond, propensityOfRecorded } = replayed!;
    const { verdict, maxBitrateBps } = ranking.admission;
    const isRefused = verdict === 'refused';
    const isHit = siteOf[server] === place.sites[0];
    const after: Placement = {
      server: isRefused ? -1 : server,
      bps: isRefused ? 0 : (maxBitrateBps ?? Math.min(sessionBps, known?.mostBps ?? Infinity)),
      rank0: isHit && !isRefused ? 'hit' : isRank0Passed || isRefused ? 'health' : 'other',
    };
    if (isBeyond) this.#beyondRecord++;

    const network = placeNetworkOf(place.subscriber, place.country);
    if (after.server >= 0 && after.server !== before.server) this.#bias.decidedOtherwise(network, after.server);
    if (known === null) this.#bias.came(network, decision.ranked[0]!, decision.propensity, propensityOfRecorded);

    const state = known ?? newState(decision.session, contentOf(request.path).isLive);
    if (known === null) this.#getsManifest(state, ranking, decision);
    if (state.isAlive) this.#remove(state, nowMs);
    state.before = before;
    state.after = after;
    load.place(before.server, before.bps, 0, nowMs);
    load.place(after.server, 0, after.bps, nowMs);
    this.#sawUnreported(before.server, nowMs);
    this.#sawUnreported(after.server, nowMs);
    sums.decided(state, decision.admission, verdict);
    book.goesOn(state, nowMs, decision.ttlSeconds * 1000);
  }

  /** The first answer makes the manifest. What is as recorded stays as the record goes on to have it. */
  #getsManifest(state: SessionState, { servers, admission }: Ranking, decision: DecisionFields): void {
    const recorded = new Set(decision.ranked.map((number) => this.#parts!.serverIds[number]!));
    const isSame = servers.length === recorded.size && servers.every(({ id }) => recorded.has(id));
    if (!isSame) state.manifest = new Set(servers.map(({ id }) => id));
    const { maxBitrateBps = Infinity } = admission;
    if (maxBitrateBps !== decision.admission) state.mostBps = maxBitrateBps;
  }

  #placedBefore({ ranked, admission, turnedAway }: DecisionFields, place: RecordedPlace, bps: number): Placement {
    const { siteOf } = this.#parts!;
    const best = place.sites[0];
    if (admission < 0) return { server: -1, bps: 0, rank0: 'health' };
    const server = ranked[0]!;
    const isPassed = turnedAway.some((other, at) => at % 2 === 0 && siteOf[other] === best);
    const rank0 = siteOf[server] === best ? 'hit' : isPassed ? 'health' : 'other';
    return { server, bps: admission > 0 ? admission : bps, rank0 };
  }

  /** What the session would ask now: from where it plays now, among the servers that its manifest names now. */
  #askedNow(request: RankingRequest, known: SessionState | null): RankingRequest {
    const { serverIds } = this.#parts!;
    const { serverNow, siteNow } = this.#world;
    if (known === null && siteNow.every((site) => site >= 0) && serverNow.every((server) => server >= 0))
      return request;
    const { playing, among, nominalBps } = request;
    const playsNow = known === null || known.after.server < 0 ? playing : serverIds[known.after.server]!;
    return {
      ...request,
      playing: playing === null ? null : playsNow,
      among: among === undefined ? undefined : (known?.manifest ?? among),
      nominalBps:
        known === null || known.mostBps === Infinity ? nominalBps : Math.min(known.mostBps, nominalBps ?? Infinity),
    };
  }

  #look(view: DecisionView, decision: DecisionFields, place: RecordedPlace): Replayed {
    const { serverBefore, serverNow, siteNow } = this.#world;
    const { candidates, chosen } = view;
    const best = siteNow[place.sites[0]!]!;
    let isRank0Passed = best < 0;
    const taking = new Set<number>();
    for (let at = 0; at < candidates.count; at++) {
      if (candidates.tier[at] === TIERS.takes) taking.add(candidates.site[at]!);
      else if (candidates.site[at] === best) isRank0Passed = true;
    }
    const recorded = serverNow[decision.ranked[0]!]!;
    return {
      server: serverBefore[candidates.server[chosen[0]!]!]!,
      isRank0Passed,
      isBeyond: place.sites.length < place.total && decision.among === null && taking.size < MOST_SITES,
      propensityOfRecorded: recorded < 0 ? 0 : this.#propensity.ofServer(view, recorded),
    };
  }

  #report({ report }: RecordEvent & { kind: 'report' }, nowMs: number): void {
    const { load, peaksBefore, peaksAfter, fileCapacityBps, isHeard } = this.#parts!;
    const { server } = report;
    const reportedBps = report.reservedBps ?? report.egressBps;
    const capacityBps = Math.min(report.capacityBps, fileCapacityBps[server]!);
    isHeard[server] = 1;
    load.heard(server, reportedBps);
    peaksBefore.saw(server, reportedBps, capacityBps, nowMs);
    const isThere = this.#world.serverNow[server]! >= 0;
    peaksAfter.saw(server, isThere ? load.shifted(server, reportedBps) : 0, capacityBps, nowMs);
    if (isThere) this.#world.report(load.report(report));
  }

  /** Of a server that has not reported no more is known than what was placed there. */
  #sawUnreported(server: number, nowMs: number): void {
    const { load, peaksBefore, peaksAfter, fileCapacityBps, isHeard } = this.#parts!;
    if (server < 0 || isHeard[server] === 1) return;
    peaksBefore.saw(server, load.beforeBps[server]!, fileCapacityBps[server]!, nowMs);
    peaksAfter.saw(server, load.afterBps[server]!, fileCapacityBps[server]!, nowMs);
  }

  #remove({ before, after }: SessionState, nowMs: number): void {
    const { load } = this.#parts!;
    load.place(before.server, -before.bps, 0, nowMs);
    load.place(after.server, 0, -after.bps, nowMs);
  }
}

function newState(session: number, isLive: boolean): SessionState {
  const nowhere: Placement = { server: -1, bps: 0, rank0: 'other' };
  const state = { session, isLive, lastMs: 0, ttlMs: 0, isAlive: false, manifest: null, mostBps: Infinity, flags: 0 };
  return { ...state, before: nowhere, after: nowhere };
}

/** What goes through all files of a record, made when its first header has come. */
class Parts {
  readonly serverIds: readonly string[];
  readonly siteOf: Int32Array;
  readonly fileCapacityBps: Float64Array;
  readonly nominalBps: number;
  readonly exploreShare: number;
  readonly load: PlacedLoad;
  readonly peaksBefore: LoadPeaks;
  readonly peaksAfter: LoadPeaks;
  readonly sums: WhatIfSums;
  readonly book: SessionBook;
  readonly isHeard: Uint8Array;

  constructor(header: RecordHeader, world: ReplayWorld) {
    const edges = header.sites.flatMap((site, at) => site.edges.map((edge) => ({ ...edge, at })));
    const recorded = new ReplayWorld(header, { without: { sites: new Set(), servers: new Set() }, steering: null });
    this.serverIds = edges.map(({ id }) => id);
    this.siteOf = Int32Array.from(edges, ({ at }) => at);
    this.fileCapacityBps = Float64Array.from(edges, ({ capacityBps }) => capacityBps);
    this.nominalBps = recorded.steering.admission.nominalBps;
    this.exploreShare = recorded.steering.exploreShare;
    this.isHeard = new Uint8Array(edges.length);
    this.load = new PlacedLoad(edges.length, world.steering.admission.settleMs);
    const here = this.fileCapacityBps.map((bps, server) => (world.serverNow[server]! >= 0 ? bps : 0));
    this.peaksBefore = new LoadPeaks(this.siteOf, this.fileCapacityBps, header.sites.length);
    this.peaksAfter = new LoadPeaks(this.siteOf, here, header.sites.length);
    this.sums = new WhatIfSums(header.sites);
    this.book = new SessionBook({
      served: (state, durationMs) => this.sums.served(state, durationMs),
      stopped: (state, atMs) => {
        this.load.place(state.before.server, -state.before.bps, 0, atMs);
        this.load.place(state.after.server, 0, -state.after.bps, atMs);
      },
    });
  }
}
