import type { Priority } from '../../topology/model/priority.ts';

/** Shares of a server's capacity, by the nominal bitrate of the sessions on it. */
export interface AdmissionTuning {
  /** from here on a growing part of new sessions goes to the next rank */
  spillFrom: number;
  /** no new session beyond this while another server can take it */
  fullShare: number;
  /** never beyond this: between `fullShare` and here, where all servers are full, quality is lowered */
  limitShare: number;
  /** a session that was sent away returns only when its server is this much emptier than for a new one */
  returnMargin: number;
}

export type AdmissionVerdict = 'admitted' | 'reduced' | 'refused';

export interface Admission {
  verdict: AdmissionVerdict;
  /** with `reduced`: nothing above this */
  maxBitrateBps?: number;
}

export const ADMITTED: Admission = { verdict: 'admitted' };
const REFUSED: Admission = { verdict: 'refused' };

/**
 * How far into the last reserve (0: `fullShare`, 1: `limitShare`) each priority still gets in. What is shed first goes
 * before quality falls for those who watch live.
 */
const REACH: Record<Priority, number> = {
  'live-edge': 1,
  'live-dvr': 0.9,
  'catch-up': 0.6,
  'on-demand': 0.4,
  prefetch: 0,
  preposition: 0,
};

/** Lowering quality below this part of the nominal bitrate helps nobody: then refusing is more honest. */
const LEAST_PART = 0.15;

/** @returns 0 (none) to 1 (all): the share of new sessions that a server of this load takes */
export function openShare(loadShare: number, { spillFrom, fullShare }: AdmissionTuning): number {
  if (loadShare <= spillFrom) return 1;
  return loadShare >= fullShare ? 0 : (fullShare - loadShare) / (fullShare - spillFrom);
}

/** The same for sessions that play elsewhere and would come back. */
export function returnShare(loadShare: number, tuning: AdmissionTuning): number {
  return openShare(loadShare + tuning.returnMargin, tuning);
}

/**
 * What becomes of a session when every server is full.
 * @param loadShare of the best of them, 1 is its capacity
 * @param isSeated it must not be refused: it plays already, and what it takes is taken
 */
export function whenAllAreFull(
  loadShare: number,
  nominalBps: number,
  priority: Priority,
  isSeated: boolean,
  { fullShare, limitShare }: AdmissionTuning,
): Admission {
  const depth = (loadShare - fullShare) / (limitShare - fullShare);
  if (!isSeated && depth >= REACH[priority]) return REFUSED;
  const part = Math.min(1, Math.max(LEAST_PART, 1 - depth));
  return { verdict: 'reduced', maxBitrateBps: Math.round(nominalBps * part) };
}
