import type { Candidates } from '../candidates.ts';
import type { Reason } from '../reasons.ts';

/** What a decision was made of, while it is made: its memory is used again for the next one. */
export interface DecisionView {
  /** the stable hash of client and content */
  readonly session: number;
  readonly candidates: Candidates;
  /** places in `candidates` of the servers that are answered, the first choice first */
  readonly chosen: Int32Array;
  reasonsOf(at: number): readonly Reason[];
  /**
   * How probably the candidate takes a session that differs from this one in its points alone.
   * @param explores whether the session is one of the few that try what is recovering
   */
  chanceOf(at: number, explores: boolean): number;
}
