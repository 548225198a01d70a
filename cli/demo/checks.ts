import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import type { NodeState } from './observer.ts';

/** One thing that must hold (DESIGN §7), and whether it did. */
export interface Check {
  name: string;
  /** null: could not be judged, and why */
  holds: boolean | null;
  detail: string;
}

export interface CheckInput {
  final: LoadSnapshot | null;
  /** the last state of each edge, and of the shield */
  nodes: ReadonlyMap<string, NodeState>;
  edgeNames: readonly string[];
  shieldNames: readonly string[];
  /** base URL of each edge */
  urlOf: (name: string) => string;
  /** those whose counters were lost, because they were killed or died */
  broken: ReadonlySet<string>;
  memoryBytes: number;
  /** relays stand between edges and viewers, and keep what was under way when a viewer went */
  relayed: boolean;
}

export function runChecks(input: CheckInput): Check[] {
  const { final } = input;
  if (final === null) return [{ name: 'the viewers reported', holds: false, detail: 'no final report came from them' }];
  return [
    {
      name: 'every body was right',
      holds: final.wrongBodies === 0,
      detail: `${final.wrongBodies} wrong of ${final.received.wholeTransfers}; ${final.unverifiedBodies} without a digest`,
    },
    everybodyPlayed(final),
    bytesToViewers(input, final),
    bytesBetweenTiers(input),
    memoryBounds(input),
  ];
}

/** Who came within the last seconds may still have been waiting: that is not held against the delivery. */
function everybodyPlayed({ neverPlayed, arrived, startupMs }: LoadSnapshot): Check {
  const name = 'every viewer played';
  if (neverPlayed === 0 && startupMs.p50 === null) {
    return { name, holds: null, detail: `too short to tell: ${arrived} came, none had 10 s` };
  }
  return { name, holds: neverPlayed === 0, detail: `${neverPlayed} of ${arrived} never did` };
}

/**
 * What the viewers received is what the edges sent them: exactly, but for transfers that were broken off, of which the
 * viewers know how much was missing. An edge that was killed took its counters along.
 */
function bytesToViewers({ edgeNames, nodes, urlOf, broken, relayed }: CheckInput, final: LoadSnapshot): Check {
  const name = 'bytes received by viewers = bytes sent by edges';
  let received = 0;
  let sent = 0;
  let slack = 0;
  let judged = 0;
  let headless = 0;
  for (const edge of edgeNames) {
    const state = nodes.get(edge);
    if (broken.has(edge) || !state) continue;
    judged++;
    const server = final.servers.find(({ baseUrl }) => baseUrl === urlOf(edge));
    sent += state.egressBytes.rehearsal;
    if (!server) continue;
    received += server.wholeBytes + server.partialBytes;
    slack += server.partialRemainingBytes;
    headless += server.headlessTransfers;
  }
  const difference = sent - received;
  const detail =
    `${received} received, ${sent} sent` +
    (slack > 0 ? `, at most ${slack} on their way when a transfer was broken off` : '') +
    (judged < edgeNames.length
      ? `; without ${edgeNames.filter((edge) => broken.has(edge)).join(', ')}: killed, counters lost`
      : '');
  if (relayed && headless > 0 && difference > slack) {
    return { name, holds: null, detail: `${detail}; ${headless} answers were lost on their way before they began` };
  }
  if (judged === 0) return { name, holds: null, detail: 'every edge was killed' };
  return { name, holds: difference >= 0 && difference <= slack, detail };
}

/** What the edges got from above is what shield and neighbours sent to tiers. Only where nothing was lost or cut. */
function bytesBetweenTiers({ edgeNames, shieldNames, nodes, broken }: CheckInput): Check {
  const name = 'bytes into the edges = bytes out of the tier above';
  const all = [...shieldNames, ...edgeNames];
  const found = all.flatMap((id) => nodes.get(id) ?? []);
  if (shieldNames.length === 0) return { name, holds: null, detail: 'no shield: the edges fill from the origin' };
  if (found.length < all.length || ['backbone', ...all].some((who) => broken.has(who))) {
    return { name, holds: null, detail: 'a process was killed, its counters are lost' };
  }
  const shields = found.slice(0, shieldNames.length);
  const states = found.slice(shieldNames.length);
  const into = states.reduce((sum, edge) => sum + edge.upstreamBytes, 0);
  const outOf = [...shields, ...states].reduce((sum, node) => sum + node.egressBytes.tier, 0);
  const cuts = [...shields, ...states].reduce((sum, node) => sum + node.answersCut.tier, 0);
  if (cuts > 0) return { name, holds: null, detail: `${cuts} transfers were broken off` };
  const givenUp = states.reduce((sum, edge) => sum + edge.leadersReplaced, 0);
  const detail = `${into} in, ${outOf} out${givenUp > 0 ? `, ${givenUp} attempts given up with their bytes unread` : ''}`;
  return { name, holds: givenUp > 0 ? into <= outOf : into === outOf, detail };
}

function memoryBounds({ nodes, memoryBytes }: CheckInput): Check {
  const over = [...nodes.values()].filter(({ storedBytes }) => storedBytes > memoryBytes);
  return {
    name: 'memory stayed within its bound',
    holds: over.length === 0,
    detail: over.map(({ id, storedBytes }) => `${id}: ${storedBytes}`).join(', ') || `${memoryBytes} bytes a node`,
  };
}
