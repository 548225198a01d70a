import { readFile } from 'node:fs/promises';
import { KEY_KINDS } from '../../sim/actors/key-book.ts';
import type { World } from '../../sim/run/assemble.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { DemoPlan } from '../demo/plan.ts';
import { KILLED, TIMELINE } from './timeline.ts';

/**
 * What must be equal to the last one, however requests race: the segments of the last half minute, when everybody has
 * settled at the live edge and at the best rendition. Each viewer asks its edge for each once, each edge fills it once,
 * from the owner or, the owner itself, from the shield, which fills it once; all others hit, or join the fill.
 */
export interface Forced {
  requests: number;
  fills: number;
  /** answered without a fill of their own: hits and collapsed, of which how many are which is a matter of milliseconds */
  shared: number;
}

export interface ForcedCounts {
  /** edges of sites where nobody died: how often a dead neighbour is tried is not forced */
  edges: Forced;
  shield: Forced;
}

const AUDIO = 'a64';
const BEST = 'v720';

/** Numbers of segments that become available in that time, of an event that counts from 1. */
function settledNumbers(segmentDurationMs: number): number[] {
  const first = Math.ceil((TIMELINE.begunMs + TIMELINE.forcedFromMs) / segmentDurationMs);
  const last = Math.floor((TIMELINE.begunMs + TIMELINE.forcedUntilMs) / segmentDurationMs);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function tierOf(plan: DemoPlan, node: string): keyof ForcedCounts | null {
  if (plan.shieldNames.includes(node)) return 'shield';
  return plan.siteOf(node) === plan.siteOf(KILLED) ? null : 'edges';
}

function nothing(): ForcedCounts {
  return { edges: { requests: 0, fills: 0, shared: 0 }, shield: { requests: 0, fills: 0, shared: 0 } };
}

/** Listens to every machine of a simulation that has not begun. @returns what is counted, as it goes on */
export function listenToSimulation({ caches, keys }: World, plan: DemoPlan): () => ForcedCounts {
  const counts = nothing();
  const numbers = new Set(settledNumbers(keys.event.segmentDurationMs));
  const isMeant = (key: number) =>
    keys.kind(key) === KEY_KINDS.segment &&
    numbers.has(keys.number(key)) &&
    [AUDIO, BEST].includes(keys.event.renditions[keys.rendition(key)]!.id);
  for (const { node } of caches) {
    const tier = tierOf(plan, node.id);
    if (tier === null) continue;
    const { machine } = node;
    const [request, fill] = [machine.request.bind(machine), node.fill.bind(node)];
    machine.request = (id, key, ...rest) => {
      if (isMeant(key)) counts[tier].requests++;
      request(id, key, ...rest);
    };
    node.fill = (id, key, ...rest) => {
      if (isMeant(key)) counts[tier].fills++;
      fill(id, key, ...rest);
    };
  }
  return () => withShared(counts);
}

/** The same from what the services recorded of their machines (`--record`). */
export async function readRecordings(plan: DemoPlan, segmentDurationMs: number): Promise<ForcedCounts> {
  const hashes = new Set(
    settledNumbers(segmentDurationMs).flatMap((number) =>
      [AUDIO, BEST].map((rendition) => stableHash(`/live/${plan.options.eventId}/${rendition}/${number}.m4s`)),
    ),
  );
  const counts = nothing();
  for (const node of [...plan.edgeNames, ...plan.shieldNames]) {
    const tier = tierOf(plan, node);
    if (tier === null) continue;
    const meant = new Set<number>();
    for (const line of (await readFile(plan.recordingFile(node), 'utf8')).split('\n').slice(1)) {
      if (line === '') continue;
      const [event, args, orders] = JSON.parse(line) as [string, number[], [string, ...number[]][]];
      const key = args[event === 'define' ? 0 : 1]!;
      // A number is given to another key when its own has been forgotten.
      if (event === 'define') meant[hashes.has(args[1]!) ? 'add' : 'delete'](key);
      if (event === 'request' && meant.has(key)) counts[tier].requests++;
      for (const [order, , filled] of orders) if (order === 'fill' && meant.has(filled!)) counts[tier].fills++;
    }
  }
  return withShared(counts);
}

function withShared({ edges, shield }: ForcedCounts): ForcedCounts {
  const shared = (tier: Forced) => ({ ...tier, shared: tier.requests - tier.fills });
  return { edges: shared(edges), shield: shared(shield) };
}
