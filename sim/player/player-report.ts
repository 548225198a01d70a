/**
 * Why a fetch did not bring what was asked for. `not-found` (404) and `gone` (410) are answers about a segment, the
 * others are held against the server.
 * `network`: refused, reset, unresolved · `timeout`: the player gave up · `status`: any other status than 200 ·
 * `truncated`: the body ended early · `wrong-body`: its digest differs · `invalid`: a document that cannot be used
 */
export const FAILURE_CAUSES = [
  'network',
  'timeout',
  'status',
  'truncated',
  'wrong-body',
  'not-found',
  'gone',
  'invalid',
] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];
export type FailureCounts = Record<FailureCause, number>;

/**
 * `idle` before it starts, `joining` until it knows servers and event, `starting` until it plays, then `playing` or
 * `stalled`, or `paused` by the viewer; `ended` with the event, `left` by its own will.
 */
export type PlayerPhase = 'idle' | 'joining' | 'starting' | 'playing' | 'stalled' | 'paused' | 'ended' | 'left';

/** What one viewer lived through, up to the moment of asking. */
export interface PlayerReport {
  id: number;
  phase: PlayerPhase;
  /** monotonic, when it was started; null before */
  startedMs: number | null;
  /** from its start until it first played; null: it never did */
  startupMs: number | null;
  playedMs: number;
  stallCount: number;
  stallMs: number;
  /** neither played nor stalled */
  pausedMs: number;
  /** segments that could not be had and were jumped over */
  gaps: number;
  /** returns to the live edge after having fallen too far behind, or out of the DVR window */
  jumps: number;
  /** mean over the time played of the nominal bitrate of the video; null: never played */
  meanBitrateBps: number | null;
  renditionSwitches: number;
  /** segments dropped half-way for a lower rendition */
  abandoned: number;
  serverSwitches: number;
  /** camera to screen, now; null where nothing is on the screen */
  latencyMs: number | null;
  /** camera to screen, mean over the time played; null: never played */
  meanLatencyMs: number | null;
  requests: number;
  failures: FailureCounts;
  /** bodies' bytes, of failed transfers too, by the driver's number of the server */
  receivedBytesByServer: ReadonlyMap<number, number>;
}

export function noFailures(): FailureCounts {
  return {
    network: 0,
    timeout: 0,
    status: 0,
    truncated: 0,
    'wrong-body': 0,
    'not-found': 0,
    gone: 0,
    invalid: 0,
  };
}
