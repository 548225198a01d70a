import type { NodeReport } from '../../topology/model/node-report.ts';
import type { HealthReason } from './reasons.ts';

export interface HealthTuning {
  /** without a report for longer: others are preferred */
  suspectAfterMs: number;
  /** without a report for longer: the node is taken for dead */
  downAfterMs: number;
  /** egress over capacity: tolerated up to `busyShare`, unbearable at `fullShare`; 0.8 and 0.98 without them */
  busyShare?: number;
  fullShare?: number;
}

/** Nodes report once a second. */
export const DEFAULT_HEALTH: HealthTuning = { suspectAfterMs: 3000, downAfterMs: 5000 };

/** Reports that a node must give after it was down, without being down again, before it gets sessions. */
const PROBATION_REPORTS = 3;
/** From nothing to the full share. */
const RAMP_MS = 10_000;
/** What is tolerated, and what leaves nothing of the share; between them it falls in a straight line. */
const ERROR_SHARE = { tolerated: 0.01, unbearable: 0.2 };
const LOOP_DELAY_MS = { tolerated: 50, unbearable: 500 };
const LOAD = { tolerated: 0.8, unbearable: 0.98 };
/** Requests of good standing that an error share is weighed against: one failed request of one is no evidence. */
const PRIOR_REQUESTS = 10;

export type Standing = 'up' | 'unheard' | 'suspect' | 'probation' | 'draining' | 'down';

export interface HealthVerdict {
  standing: Standing;
  /** share of the sessions that belong to the node which it should get, 0 to 1 */
  score: number;
  reasons: readonly HealthReason[];
}

/**
 * What one node is worth, from its own reports and from their absence. Hysteresis: the score halves its distance to a
 * worse report at each one, so that a single bad report does not throw a node out, and climbs back only with time; a
 * node that was down must report for a while first. Times are monotonic milliseconds.
 */
export class NodeHealth {
  readonly #tuning: HealthTuning;
  readonly #capacityBps: number;
  #heardMs: number;
  #sequence = -1;
  #state: NodeReport['state'] = 'up';
  #strains: HealthReason[] = [];
  /** what the last report alone would justify */
  #target = 0;
  #score = 0;
  #scoreMs: number;
  #probationReports = 0;

  constructor(capacityBps: number, tuning: HealthTuning, nowMs: number) {
    this.#capacityBps = capacityBps;
    this.#tuning = tuning;
    this.#heardMs = nowMs;
    this.#scoreMs = nowMs;
  }

  report(report: NodeReport, nowMs: number): void {
    const silenceMs = nowMs - this.#heardMs;
    const first = this.#sequence < 0;
    this.#score = this.#scoreAt(nowMs);
    this.#scoreMs = nowMs;
    if (!first && silenceMs > this.#tuning.downAfterMs) {
      this.#probationReports = PROBATION_REPORTS - 1;
      this.#score = 0;
    } else if (this.#probationReports > 0) {
      this.#probationReports--;
    }
    const returns = report.sequence < this.#sequence || (this.#state === 'draining' && report.state === 'up');
    if (returns) this.#score = 0;
    else if (silenceMs > this.#tuning.suspectAfterMs) this.#score /= 2;

    this.#judge(report);
    this.#heardMs = nowMs;
    this.#sequence = report.sequence;
    this.#state = report.state;
    if (first) this.#score = this.#target;
    else if (this.#target < this.#score) this.#score = fallTowards(this.#target, this.#score);
  }

  verdict(nowMs: number): HealthVerdict {
    const standing = this.#standing(nowMs);
    if (standing !== 'up') return { standing, score: 0, reasons: [standing] };
    const score = this.#scoreAt(nowMs);
    const reasons = score < this.#target ? [...this.#strains, 'recovering' as const] : this.#strains;
    return { standing, score, reasons: reasons.length === 0 ? ['healthy'] : reasons };
  }

  #standing(nowMs: number): Standing {
    const silenceMs = nowMs - this.#heardMs;
    if (silenceMs > this.#tuning.downAfterMs) return 'down';
    if (this.#sequence < 0) return 'unheard';
    if (this.#state === 'draining') return 'draining';
    if (silenceMs > this.#tuning.suspectAfterMs) return 'suspect';
    return this.#probationReports > 0 ? 'probation' : 'up';
  }

  #scoreAt(nowMs: number): number {
    if (this.#probationReports > 0 || this.#score >= this.#target) return this.#score;
    const climbed = Math.max(0, nowMs - this.#scoreMs) / RAMP_MS;
    return Math.min(this.#target, this.#score + climbed);
  }

  #judge(report: NodeReport): void {
    const { requestsPerSecond, errorShare, eventLoopDelayMs, egressBps } = report;
    const weighedErrors = (errorShare * requestsPerSecond) / (requestsPerSecond + PRIOR_REQUESTS);
    const load = egressBps / Math.min(this.#capacityBps, report.capacityBps);
    const { busyShare = LOAD.tolerated, fullShare = LOAD.unbearable } = this.#tuning;
    const factors: [HealthReason, number][] = [
      ['errors', remaining(weighedErrors, ERROR_SHARE)],
      ['late-loop', remaining(eventLoopDelayMs, LOOP_DELAY_MS)],
      ['busy', remaining(load, { tolerated: busyShare, unbearable: fullShare })],
    ];
    this.#target = factors.reduce((product, [, factor]) => product * factor, 1);
    this.#strains = factors.filter(([, factor]) => factor < 1).map(([reason]) => reason);
  }
}

function remaining(value: number, { tolerated, unbearable }: { tolerated: number; unbearable: number }): number {
  return Math.min(1, Math.max(0, (unbearable - value) / (unbearable - tolerated)));
}

/** Half the way, and the rest at once when little is left. */
function fallTowards(target: number, score: number): number {
  const half = (score - target) / 2;
  return half < 0.02 ? target : target + half;
}
