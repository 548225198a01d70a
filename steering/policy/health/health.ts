import type { NodeReport } from '../../../topology/model/node-report.ts';
import { FlapDamping } from './flap-damping.ts';
import type { HealthReason } from '../reasons.ts';

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

/** Timely reports that a node must give after it was late or silent before it gets sessions. */
const STEADY_REPORTS = 3;
/** Reports that come faster are news, but neither prove steadiness nor wear the share down. */
const LEAST_STEP_MS = 400;
/** From nothing to the full share. */
const RAMP_MS = 10_000;
/** After a report that justifies no more it does not grow for so long: alternating reports must not make it swing. */
const HOLD_MS = 3000;
/** A growing share moves in steps of this, so that in between it need not be computed. */
const QUANTUM_MS = 100;
/** What is tolerated, and what leaves nothing of the share; between them it falls in a straight line. */
const ERROR_SHARE = { tolerated: 0.01, unbearable: 0.2 };
const LOOP_DELAY_MS = { tolerated: 50, unbearable: 500 };
/**
 * Viewers of a live event fetch a segment when it is there: a server sends for a second, and is idle for those between. So its
 * egress is taken over as many reports as hold whole segments of 2, 3, 4 or 6 seconds; one report alone would call the
 * burst an overload.
 */
const LOAD_REPORTS = 12;
const LOAD = { tolerated: 0.8, unbearable: 0.98 };
/** Requests of good standing that an error share is weighed against: one failed request of one is no evidence. */
const PRIOR_REQUESTS = 10;

/** Decisions know them by their place here. */
export const STANDINGS = ['up', 'unheard', 'suspect', 'probation', 'draining', 'down'] as const;
export type Standing = (typeof STANDINGS)[number];

export interface HealthVerdict {
  readonly standing: Standing;
  /** share of the sessions that belong to the node which it should get, 0 to 1 */
  readonly score: number;
  readonly reasons: readonly HealthReason[];
}

/**
 * What one node is worth, from its own reports and from their absence. Hysteresis: the score halves its distance to a
 * worse report at each one, so that a single bad report does not throw a node out, and climbs back only with time; a
 * node that was late or down must report for a while first. Times are monotonic milliseconds.
 */
export class NodeHealth {
  readonly #tuning: HealthTuning;
  readonly #capacityBps: number;
  readonly #damping = new FlapDamping(STEADY_REPORTS);
  #heardMs: number;
  #sequence = -1;
  #state: NodeReport['state'] = 'up';
  readonly #loads = new Float64Array(LOAD_REPORTS);
  #loadCount = 0;
  #strains: readonly HealthReason[] = HEALTHY;
  /** what the last report alone would justify */
  #target = 0;
  #score = 0;
  /** when the score begins to climb */
  #climbMs: number;
  /** the last report that counted as a step */
  #stepMs = -Infinity;
  /** timely reports still to come, and whether silence or lateness is the cause */
  #owed = 0;
  #wasDown = false;
  #verdict: HealthVerdict = NOTHING_HEARD;
  #fromMs = Infinity;
  #untilMs = -Infinity;

  constructor(capacityBps: number, tuning: HealthTuning, nowMs: number) {
    this.#capacityBps = capacityBps;
    this.#tuning = tuning;
    this.#heardMs = nowMs;
    this.#climbMs = nowMs;
  }

  report(report: NodeReport, nowMs: number): void {
    const silenceMs = nowMs - this.#heardMs;
    const first = this.#sequence < 0;
    const isStep = nowMs - this.#stepMs >= LEAST_STEP_MS;
    const heldUntilMs = this.#climbMs;
    this.#score = this.#scoreAt(nowMs);
    this.#climbMs = Math.max(nowMs, heldUntilMs);
    if (isStep) this.#stepMs = nowMs;
    if (!first) this.#takeSilence(silenceMs, isStep, nowMs);
    const returns = report.sequence < this.#sequence || (this.#state === 'draining' && report.state === 'up');
    if (returns) this.#score = 0;

    this.#judge(report);
    this.#heardMs = nowMs;
    this.#sequence = report.sequence;
    this.#state = report.state;
    if (first) this.#score = this.#target;
    else if (this.#target < 1 && this.#target <= this.#score) {
      this.#climbMs = nowMs + HOLD_MS;
      if (isStep) this.#score = fallTowards(this.#target, this.#score);
    }
    this.#untilMs = -Infinity;
  }

  /** The same object as long as nothing has changed. */
  verdict(nowMs: number): HealthVerdict {
    if (nowMs < this.#untilMs && nowMs >= this.#fromMs) return this.#verdict;
    this.#fromMs = nowMs;
    const standing = this.#standing(nowMs);
    const silentFromMs = this.#heardMs + this.#silenceBoundMs(standing);
    this.#untilMs = silentFromMs > nowMs ? silentFromMs : standing === 'down' ? Infinity : nowMs;
    if (standing !== 'up') return (this.#verdict = VERDICTS[standing]);
    const score = this.#scoreAt(nowMs);
    if (score < this.#target) this.#untilMs = Math.min(this.#untilMs, this.#nextStepMs(nowMs));
    if (score === 1) return (this.#verdict = WELL);
    const reasons = score < this.#target ? RECOVERING.get(this.#strains)! : this.#strains;
    return (this.#verdict = { standing, score, reasons });
  }

  /** Until when the last verdict holds unless something is reported. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** What was not heard in between, and whether the node has made up for it. */
  #takeSilence(silenceMs: number, isStep: boolean, nowMs: number): void {
    const { suspectAfterMs, downAfterMs } = this.#tuning;
    if (silenceMs > suspectAfterMs) {
      this.#wasDown = silenceMs > downAfterMs || (this.#wasDown && this.#owed > 0);
      this.#owed = this.#damping.lapse(nowMs) - 1;
      this.#score = silenceMs > downAfterMs ? 0 : this.#score / 2;
    } else if (this.#owed > 0 && isStep) {
      this.#owed--;
    }
  }

  #standing(nowMs: number): Standing {
    const silenceMs = nowMs - this.#heardMs;
    if (silenceMs > this.#tuning.downAfterMs) return 'down';
    if (this.#sequence < 0) return 'unheard';
    if (this.#state === 'draining') return 'draining';
    if (this.#owed > 0) return this.#wasDown ? 'probation' : 'suspect';
    return silenceMs > this.#tuning.suspectAfterMs ? 'suspect' : 'up';
  }

  /** After how much silence another standing follows. */
  #silenceBoundMs(standing: Standing): number {
    return standing === 'up' ? this.#tuning.suspectAfterMs : this.#tuning.downAfterMs;
  }

  #scoreAt(nowMs: number): number {
    if (this.#owed > 0 || this.#score >= this.#target) return this.#score;
    const climbed = (Math.floor(Math.max(0, nowMs - this.#climbMs) / QUANTUM_MS) * QUANTUM_MS) / RAMP_MS;
    return Math.min(this.#target, this.#score + climbed);
  }

  /** When the score grows next. */
  #nextStepMs(nowMs: number): number {
    const steps = Math.floor(Math.max(0, nowMs - this.#climbMs) / QUANTUM_MS);
    return this.#climbMs + (steps + 1) * QUANTUM_MS;
  }

  /** Of the last reports. */
  #meanLoad(load: number): number {
    this.#loads[this.#loadCount++ % LOAD_REPORTS] = load;
    const count = Math.min(this.#loadCount, LOAD_REPORTS);
    let sum = 0;
    for (let at = 0; at < count; at++) sum += this.#loads[at]!;
    return sum / count;
  }

  #judge(report: NodeReport): void {
    const { requestsPerSecond, errorShare, eventLoopDelayMs, egressBps } = report;
    const weighedErrors = (errorShare * requestsPerSecond) / (requestsPerSecond + PRIOR_REQUESTS);
    const load = this.#meanLoad(egressBps / Math.min(this.#capacityBps, report.capacityBps));
    const { busyShare = LOAD.tolerated, fullShare = LOAD.unbearable } = this.#tuning;
    const errors = remaining(weighedErrors, ERROR_SHARE);
    const lateness = remaining(eventLoopDelayMs, LOOP_DELAY_MS);
    const room = remaining(load, { tolerated: busyShare, unbearable: fullShare });
    this.#target = errors * lateness * room;
    this.#strains = STRAINS[(errors < 1 ? 1 : 0) | (lateness < 1 ? 2 : 0) | (room < 1 ? 4 : 0)]!;
  }
}

/** Of every node whose score is 1, and of no other. */
export const HEALTHY: readonly HealthReason[] = ['healthy'];
/** All combinations of what a report may complain of, so that none is made for each report. */
const STRAINS: readonly (readonly HealthReason[])[] = Array.from({ length: 8 }, (_, bits) => {
  const words: readonly HealthReason[] = ['errors', 'late-loop', 'busy'];
  return bits === 0 ? HEALTHY : words.filter((_word, bit) => (bits & (1 << bit)) !== 0);
});
const RECOVERING: ReadonlyMap<readonly HealthReason[], readonly HealthReason[]> = new Map(
  STRAINS.map((strains) => [strains, [...(strains === HEALTHY ? [] : strains), 'recovering' as const]]),
);
const WELL: HealthVerdict = { standing: 'up', score: 1, reasons: HEALTHY };
const VERDICTS: Record<Exclude<Standing, 'up'>, HealthVerdict> = {
  unheard: outOf('unheard'),
  suspect: outOf('suspect'),
  probation: outOf('probation'),
  draining: outOf('draining'),
  down: outOf('down'),
};
const NOTHING_HEARD = VERDICTS.unheard;

function outOf(standing: Exclude<Standing, 'up'>): HealthVerdict {
  return { standing, score: 0, reasons: [standing] };
}

/** What a defect leaves of a share. */
export function remaining(value: number, { tolerated, unbearable }: { tolerated: number; unbearable: number }): number {
  return Math.min(1, Math.max(0, (unbearable - value) / (unbearable - tolerated)));
}

/** Half the way, and the rest at once when little is left. */
export function fallTowards(target: number, score: number): number {
  const half = (score - target) / 2;
  return half < 0.02 ? target : target + half;
}
