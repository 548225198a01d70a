import { FLAGS, TIERS } from '../candidates.ts';
import { roundPropensity, type DecisionFields } from './decision-record.ts';
import type { DecisionView } from './decision-view.ts';
import type { Propensity } from './propensity.ts';
import type { Ranking } from '../ranking.ts';

/** What a record keeps of a decision beside its answer: the view is gone once it is made. */
export interface SeenDecision {
  session: number;
  /** how far into the order of sites there are candidates */
  sitesUsed: number;
  /** servers, the first choice first */
  ranked: number[];
  turnedAway: { server: number; reasons: readonly string[] }[];
  explored: boolean;
  propensity: number;
}

export function seenDecision(view: DecisionView, propensity: Propensity): SeenDecision {
  const { candidates, chosen, session } = view;
  const turnedAway: SeenDecision['turnedAway'] = [];
  let sitesUsed = 0;
  for (let at = 0; at < candidates.count; at++) {
    sitesUsed = Math.max(sitesUsed, candidates.siteRank[at]! + 1);
    if (candidates.tier[at] === TIERS.takes) continue;
    turnedAway.push({ server: candidates.server[at]!, reasons: view.reasonsOf(at) });
  }
  return {
    session,
    sitesUsed,
    turnedAway,
    ranked: Array.from(chosen, (at) => candidates.server[at]!),
    explored: (candidates.flags[chosen[0]!]! & FLAGS.explored) !== 0,
    propensity: roundPropensity(propensity.ofFirst(view)),
  };
}

type Answered = Pick<
  DecisionFields,
  'session' | 'ranked' | 'ttlSeconds' | 'admission' | 'explored' | 'propensity' | 'turnedAway'
>;

/** @param wordOf the number of a list of reasons */
export function answeredFields(
  { session, ranked, explored, propensity, ...seen }: SeenDecision,
  { ttlSeconds, admission: { verdict, maxBitrateBps } }: Ranking,
  wordOf: (reasons: readonly string[]) => number,
): Answered {
  const turnedAway: number[] = [];
  for (const { server, reasons } of seen.turnedAway) turnedAway.push(server, wordOf(reasons));
  const admission = verdict === 'admitted' ? 0 : (maxBitrateBps ?? -1);
  return { session, ranked, explored, propensity, ttlSeconds, admission, turnedAway };
}
