/**
 * When what happens, from the first viewer's possible arrival on. All moments that cut through the stream (the kill, the
 * looks at rankings, the end) lie three quarters through a segment: who asks at the live edge has asked and been answered
 * by then, so that whether an answer was under way is not left to a millisecond.
 */
export const TIMELINE = {
  /** how old the event is when the viewers begin to come: time to warm up, to predict, and for the load to get up */
  begunMs: 35_500,
  spreadMs: 10_000,
  beforeKillMs: 16_000,
  killMs: 20_000,
  /** the dead edge has been silent for longer than steering's patience (5 s) */
  settledMs: 40_000,
  /** of segments that become available then, everything is counted */
  forcedFromMs: 26_000,
  forcedUntilMs: 57_000,
  endMs: 60_000,
};

/**
 * Who belongs where is to be compared, to the last viewer. Bounded load and exploring go by what has been reported to the
 * millisecond, and by the host's clock: which viewer of sixty is handed on is left to chance there.
 */
export const STEERING = { boundedLoad: 100, exploreShare: 0 };

export const VIEWERS = 60;
export const KILLED = 'edge-5';
/**
 * Of each edge's interface and of each backbone link: a large segment takes 40 ms, and the viewers of one edge keep it busy
 * for half of each second segment's time; but no second is so full that steering would send viewers elsewhere for it.
 */
export const RATE_BPS = 100e6;

/**
 * All ways are twice as long as in the demo's world, and last miles as those of mobile lines (round trips to viewers of
 * 100 to 150 ms, to the shield of 10 to 330): what is compared is to be the network's time, not that of sixteen processes
 * on a few cores.
 */
export const LONGER = 2;
export const LAST_MILE_MS = 40;
