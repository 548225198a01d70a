import { type DeviceCaps, NO_CAPS } from './ladder.ts';

/** What makes one player behave unlike another. Times that belong to the stream are counted in its segments. */
export interface PlayerConfig extends DeviceCaps {
  /** how far behind the live edge playback starts */
  liveDelaySegments: number;
  /** buffered in every medium before playback starts, and before it goes on after a stall; at most 1 */
  startBufferSegments: number;
  resumeBufferSegments: number;
  /** nothing is fetched beyond this much buffer */
  maxBufferMs: number;
  /** further behind than this, a player that plays live and whose fetches succeed again jumps to the live edge */
  maxLatencySegments: number;
  /** a segment is asked for this long after the clock says that it is available, and up to the spread later */
  askMarginSegments: number;
  askSpreadSegments: number;
  /** a transfer that takes longer has failed; never less than two segments, the longest an origin holds a request */
  transferTimeoutMs: number;
  steeringTimeoutMs: number;
}

/**
 * - Delay: 3 segments, hls.js's liveSyncDurationCount and RFC 8216 §6.3.3.
 * - Start: half a segment. A media element plays as soon as it can; half a segment keeps a player that lands at the end
 *   of a segment from starting with a stall. Resume: a whole one, what the next fetch brings.
 * - Buffer: hls.js's maxBufferLength; near the live edge it never binds. (With low bitrates hls.js goes on to 60 MB,
 *   which at 4 Mbit/s is 2 minutes: who starts over with it asks for more at once than ours.)
 * - Latency: hls.js never jumps inside the window (liveMaxLatencyDurationCount is Infinity); people reload. 15 segments,
 *   30 s at 2-second ones, stands for that.
 * - Margin and spread: what was cut has to be published and carried first, and players that asked at the same instant
 *   would all sit on held requests.
 * - Time-out: hls.js waits 10 s for a first byte; with 6 s of delay that is a certain stall. Four 2-second segments.
 */
export const DEFAULT_PLAYER_CONFIG: PlayerConfig = {
  ...NO_CAPS,
  liveDelaySegments: 3,
  startBufferSegments: 0.5,
  resumeBufferSegments: 1,
  maxBufferMs: 30_000,
  maxLatencySegments: 15,
  askMarginSegments: 0.05,
  askSpreadSegments: 0.25,
  transferTimeoutMs: 8_000,
  steeringTimeoutMs: 5_000,
};
