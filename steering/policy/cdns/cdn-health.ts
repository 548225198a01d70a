import type { CdnProbes } from '../../../topology/model/cdns.ts';
import type { HealthVerdict } from '../health/health.ts';
import type { HealthReason } from '../reasons.ts';

/** What the players of a CDN say of it: the share of its sessions that it still deserves, 0 to 1. */
export interface PlayersOpinion {
  score: number;
  reasons: readonly HealthReason[];
}

/**
 * What one CDN is worth, by probes. So many failures of the last few and it is down; a single one changes nothing. Back
 * it is after a row of successes, and its share climbs from nothing. Times are monotonic milliseconds.
 */
export class CdnHealth {
  readonly #tuning: CdnProbes;
  /** the last probes as bits, the newest lowest, 1 a failure */
  #failures = 0;
  #successesInRow = 0;
  #state: 'unheard' | 'up' | 'down' | 'probation' = 'unheard';
  #backMs = -Infinity;

  constructor(tuning: CdnProbes) {
    this.#tuning = tuning;
  }

  /** Whether the next probe should come soon. */
  get isInDoubt(): boolean {
    return this.#state === 'down' || this.#state === 'probation' || (this.#failures & 1) === 1;
  }

  probed(isWell: boolean, nowMs: number): void {
    const { failures, of, successes } = this.#tuning;
    const window = of === 32 ? -1 : (1 << of) - 1;
    this.#failures = ((this.#failures << 1) | (isWell ? 0 : 1)) & window;
    this.#successesInRow = isWell ? this.#successesInRow + 1 : 0;
    if (this.#state === 'down' || this.#state === 'probation') {
      this.#state = isWell ? 'probation' : 'down';
      if (this.#successesInRow < successes) return;
      this.#state = 'up';
      this.#failures = 0;
      this.#backMs = nowMs;
    } else if (bitsSet(this.#failures) >= failures) {
      this.#state = 'down';
    } else {
      this.#state = this.#state === 'unheard' && !isWell ? 'unheard' : 'up';
    }
  }

  verdict(nowMs: number, players: PlayersOpinion | null = null): HealthVerdict {
    if (this.#state === 'down' || this.#state === 'probation') {
      return { standing: this.#state, score: 0, reasons: [this.#state] };
    }
    const rampMs = this.#tuning.rampSeconds * 1000;
    const back = rampMs === 0 ? 1 : Math.min(1, (nowMs - this.#backMs) / rampMs);
    const reasons: HealthReason[] = [];
    if (this.#state === 'unheard') reasons.push('unheard');
    if (back < 1) reasons.push('recovering');
    const score = back * (players?.score ?? 1);
    if (players !== null && players.score < 1) reasons.push(...players.reasons);
    return { standing: this.#state, score, reasons: reasons.length === 0 ? ['healthy'] : reasons };
  }
}

function bitsSet(bits: number): number {
  let count = 0;
  for (let left = bits >>> 0; left !== 0; left &= left - 1) count++;
  return count;
}
