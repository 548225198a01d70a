import { type Check, exactly, relatively, within } from '../../sim/verify/rung.ts';
import type { TierTotals } from '../demo/observer.ts';
import type { ForcedCounts } from './forced.ts';
import type { Tiers } from '../demo/prediction.ts';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';

/** What a prediction says and a run finds: the same fields of both are held against each other. */
export interface Findings {
  viewers: LoadSnapshot;
  tiers: Tiers;
  forced: ForcedCounts;
  /** of each look, by the viewers' sessions: names of servers, best first */
  rankings: readonly { atMs: number; servers: ReadonlyMap<string, string> }[];
}

/** A relay's timers, the event loops of fourteen processes and a wall clock of milliseconds decide who of two is first. */
const ORDER = 0.02;
const STARTUP = 0.1;
const BITRATE = 0.05;
const STALL_RATIO = 0.005;
const LATENCY_MS = 500;

const REASONS = {
  order: 'requests of different viewers race each other by milliseconds: who is first fills, who comes during it joins',
  startup: 'six round trips through relays, each late by a timer’s and an event loop’s millisecond or two',
  bitrate: 'a choice between renditions may fall a segment later; whole segments count',
  stalls: 'half a percent of an hour of watching: one stall of a viewer in sixty',
  latency: 'a quarter of a segment; playback starts where the wall clock says when a document has come',
};

/** The bounds of `undercard sim verify --sockets`, as issue 3 states them: written before anything is run. */
export function compareFindings(predicted: Findings, measured: Findings): Check[] {
  const rankings = predicted.rankings.map(({ atMs, servers }, look) => {
    const found = measured.rankings[look]!.servers;
    const equal = [...servers].filter(([session, names]) => found.get(session) === names).length;
    return exactly(`viewers whose ranking at ${atMs / 1000} s is the predicted one`, servers.size, equal);
  });
  return [...rankings, ...forced(predicted, measured), ...tiers(predicted, measured), ...viewers(predicted, measured)];
}

/** Every segment that anybody asks for is filled once at the shield, and so read once at the origin. */
function forced(predicted: Findings, measured: Findings): Check[] {
  return [
    ...(['edges', 'shield'] as const).flatMap((tier) =>
      (['requests', 'fills', 'shared'] as const).map((what) =>
        exactly(`${tier}, settled segments: ${NAMES[what]}`, predicted.forced[tier][what], measured.forced[tier][what]),
      ),
    ),
    exactly('origin: segments read', predicted.tiers.origin.segmentReads, measured.tiers.origin.segmentReads),
  ];
}

const NAMES = { requests: 'requests', fills: 'fills', shared: 'hits and collapsed' };

function tiers({ tiers: predicted }: Findings, { tiers: measured }: Findings): Check[] {
  return (['edges', 'shield'] as const).flatMap((tier) => {
    const ofRequests = ORDER * predicted[tier].requests;
    const reason = `2 % of the requests: ${REASONS.order}`;
    const count = (name: keyof TierTotals) =>
      within(`${tier}: ${String(name)}`, predicted[tier][name]!, measured[tier][name]!, ofRequests, reason);
    return [
      relatively(`${tier}: requests`, predicted[tier].requests, measured[tier].requests, ORDER, REASONS.order),
      relatively(`${tier}: fills`, predicted[tier].fills, measured[tier].fills, ORDER, REASONS.order),
      count('hits'),
      count('collapsed'),
    ];
  });
}

function viewers({ viewers: predicted }: Findings, { viewers: measured }: Findings): Check[] {
  const startup = (at: 'p50' | 'p95') =>
    relatively(
      `viewers: start-up ${at} (ms)`,
      predicted.startupMs[at] ?? NaN,
      measured.startupMs[at] ?? NaN,
      STARTUP,
      REASONS.startup,
    );
  const latency = (at: 'p50' | 'p95') =>
    within(
      `viewers: latency ${at} (ms)`,
      predicted.latencyMs[at] ?? NaN,
      measured.latencyMs[at] ?? NaN,
      LATENCY_MS,
      REASONS.latency,
    );
  return [
    exactly('viewers: came', predicted.arrived, measured.arrived),
    startup('p50'),
    startup('p95'),
    relatively(
      'viewers: mean bitrate (bit/s)',
      predicted.meanBitrateBps ?? NaN,
      measured.meanBitrateBps ?? NaN,
      BITRATE,
      REASONS.bitrate,
    ),
    within('viewers: stall ratio', predicted.stalls.ratio, measured.stalls.ratio, STALL_RATIO, REASONS.stalls),
    latency('p50'),
    latency('p95'),
    exactly('viewers: wrong bodies', 0, measured.wrongBodies),
  ];
}
