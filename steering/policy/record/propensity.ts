import { TIERS } from '../candidates.ts';
import type { DecisionView } from './decision-view.ts';

/**
 * How probably the policy would have sent a session such as this one first to each of the servers it looked at, had its
 * points been drawn anew: it goes to the first that takes it, and each takes it by a point of its own.
 */
export class Propensity {
  readonly #exploreShare: number;

  constructor(exploreShare: number) {
    this.#exploreShare = exploreShare;
  }

  /** @returns 0 where the first choice is nobody's who takes it: what all turn away goes by no chance that is known */
  ofFirst(view: DecisionView): number {
    const first = view.chosen[0]!;
    return view.candidates.tier[first] === TIERS.takes ? this.#ofPlace(view, first) : 0;
  }

  /** @returns 0 for a server that was not looked at, too */
  ofServer(view: DecisionView, server: number): number {
    const { candidates } = view;
    for (let at = 0; at < candidates.count; at++) if (candidates.server[at] === server) return this.#ofPlace(view, at);
    return 0;
  }

  #ofPlace(view: DecisionView, at: number): number {
    const explore = this.#exploreShare;
    const plain = this.#given(view, at, false);
    return explore === 0 ? plain : (1 - explore) * plain + explore * this.#given(view, at, true);
  }

  #given(view: DecisionView, at: number, explores: boolean): number {
    const { siteRank, turn, count } = view.candidates;
    let chance = view.chanceOf(at, explores);
    for (let other = 0; other < count && chance > 0; other++) {
      const isBefore =
        siteRank[other]! < siteRank[at]! || (siteRank[other] === siteRank[at] && turn[other]! < turn[at]!);
      if (isBefore) chance *= 1 - view.chanceOf(other, explores);
    }
    return chance;
  }
}
