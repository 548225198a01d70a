import { FlapDamping } from './flap-damping.ts';
import type { ProbeTuning } from './health-config.ts';

/** `unknown`: not enough probes, none lately, or none that is believed. */
export type ProbeStanding = 'unknown' | 'well' | 'failing';

const UNKNOWN = 0;
const WELL = 1;
const FAILING = 2;
const STANDINGS: readonly ProbeStanding[] = ['unknown', 'well', 'failing'];

/** From nothing to the full share, in steps. */
const RAMP_MS = 10_000;
const QUANTUM_MS = 100;
/** Belief comes back when fewer fail than made it go. */
const BELIEF_MARGIN = 0.8;
const LEAST_WINDOW_MS = 10_000;
/** What was asked so many rounds ago says nothing of now. */
const STALE_ROUNDS = 3;

/**
 * What probes say of each server. Some failures of the last few and it fails; a row of successes and it is well, its share
 * growing from nothing.
 *
 * That this service's own network is down must not look like the end of all servers. So a server fails only when another
 * one, asked later, has answered; and when most fail although some answer, no probe is believed.
 */
export class ProbeHealth {
  /** another number when belief has come or gone, which changes all verdicts */
  version = 0;
  /** probes are not believed now */
  isDisbelieved = false;
  readonly #tuning: ProbeTuning;
  readonly #windowMs: number;
  readonly #staleMs: number;
  readonly #state: Uint8Array;
  /** the last probes as bits, the newest lowest, 1 a failure */
  readonly #failures: Uint16Array;
  /** successes in a row, and how many are asked for */
  readonly #inRow: Uint16Array;
  readonly #needed: Uint16Array;
  /** when the oldest failure among its last probes was asked, and since when it fails */
  readonly #firstFailedMs: Float64Array;
  readonly #failingSinceMs: Float64Array;
  readonly #backMs: Float64Array;
  readonly #latestMs: Float64Array;
  /** the last one that came in its turn */
  readonly #turnMs: Float64Array;
  readonly #turnFailed: Uint8Array;
  readonly #dampings = new Map<number, FlapDamping>();
  /** when the last probe that was answered was asked */
  #answeredMs = -Infinity;

  /** @param roundMs until all servers have been probed once */
  constructor(servers: number, tuning: ProbeTuning, roundMs: number) {
    this.#tuning = tuning;
    this.#windowMs = Math.max(LEAST_WINDOW_MS, 2 * tuning.everyMs);
    this.#staleMs = STALE_ROUNDS * Math.max(roundMs, tuning.everyMs) + 2 * tuning.timeoutMs;
    this.#state = new Uint8Array(servers);
    this.#failures = new Uint16Array(servers);
    this.#inRow = new Uint16Array(servers);
    this.#needed = new Uint16Array(servers).fill(tuning.successes);
    this.#firstFailedMs = new Float64Array(servers);
    this.#failingSinceMs = new Float64Array(servers);
    this.#backMs = new Float64Array(servers).fill(-Infinity);
    this.#latestMs = new Float64Array(servers).fill(-Infinity);
    this.#turnMs = new Float64Array(servers).fill(-Infinity);
    this.#turnFailed = new Uint8Array(servers);
  }

  /**
   * A probe has ended.
   * @param inTurn it was the server's turn; not one that followed upon a failure, of which there are more of the failing
   */
  took(server: number, isWell: boolean, inTurn: boolean, askedMs: number, nowMs: number): void {
    if (isWell) this.#answeredMs = Math.max(this.#answeredMs, askedMs);
    if (inTurn) {
      this.#turnMs[server] = nowMs;
      this.#turnFailed[server] = isWell ? 0 : 1;
    }
    if (this.isDisbelieved && !isWell) return;
    const { of, failures } = this.#tuning;
    this.#latestMs[server] = nowMs;
    this.#failures[server] = ((this.#failures[server]! << 1) | (isWell ? 0 : 1)) & ((1 << of) - 1);
    if (this.#failures[server] === 1) this.#firstFailedMs[server] = askedMs;
    this.#inRow[server] = isWell ? Math.min(this.#inRow[server]! + 1, 0xffff) : 0;
    if (this.#state[server] === FAILING) {
      if (this.#inRow[server] >= this.#needed[server]!) this.#isBack(server, nowMs);
    } else if (bitsSet(this.#failures[server]) >= failures && this.#answeredMs > this.#firstFailedMs[server]!) {
      this.#state[server] = FAILING;
      this.#failingSinceMs[server] = nowMs;
      this.#needed[server] = this.#dampingOf(server).lapse(nowMs);
    } else if (isWell) {
      this.#state[server] = WELL;
    }
  }

  /** To be called each second: whether probes can be believed. */
  settle(nowMs: number): void {
    const { believedShare } = this.#tuning;
    let probed = 0;
    let failing = 0;
    for (let server = 0; server < this.#turnMs.length; server++) {
      if (nowMs - this.#turnMs[server]! > this.#windowMs) continue;
      probed++;
      failing += this.#turnFailed[server]!;
    }
    const share = probed === 0 ? 0 : failing / probed;
    const disbelieved = this.isDisbelieved ? share > believedShare * BELIEF_MARGIN : share > believedShare;
    if (disbelieved === this.isDisbelieved) return;
    this.isDisbelieved = disbelieved;
    this.version++;
    if (disbelieved) this.#forgetSince(nowMs - this.#windowMs - this.#tuning.timeoutMs, nowMs);
  }

  standingAt(server: number, nowMs: number): ProbeStanding {
    if (nowMs - this.#latestMs[server]! > this.#staleMs) return 'unknown';
    const state = this.#state[server]!;
    // Who failed long before the others is not the network's doing.
    return this.isDisbelieved && state === WELL ? 'unknown' : STANDINGS[state]!;
  }

  /** What is left of the share of one that is not failing: it grows after a failure. */
  shareAt(server: number, nowMs: number): number {
    const steps = Math.floor(Math.max(0, nowMs - this.#sinceMs(server)) / QUANTUM_MS);
    return Math.min(1, (steps * QUANTUM_MS) / RAMP_MS);
  }

  /** Until when that holds, unless a probe or `settle` changes it. */
  untilMs(server: number, nowMs: number): number {
    const staleMs = this.#latestMs[server]! + this.#staleMs;
    const backMs = this.#sinceMs(server);
    const staysUntilMs = staleMs > nowMs ? staleMs : Infinity;
    if (nowMs < backMs || nowMs - backMs >= RAMP_MS) return staysUntilMs;
    return Math.min(staysUntilMs, backMs + (Math.floor((nowMs - backMs) / QUANTUM_MS) + 1) * QUANTUM_MS);
  }

  /** Whether it should be asked again soon: its last answer was none, or it is on its way back. */
  isInDoubt(server: number): boolean {
    return this.#state[server] === FAILING || (this.#failures[server]! & 1) === 1;
  }

  /** Since when it does not fail; of one that was not asked any more, since nobody can tell. */
  #sinceMs(server: number): number {
    return this.#state[server] === FAILING ? this.#latestMs[server]! + this.#staleMs : this.#backMs[server]!;
  }

  #isBack(server: number, nowMs: number): void {
    this.#state[server] = WELL;
    this.#failures[server] = 0;
    this.#backMs[server] = nowMs;
  }

  /** Failures that may be the beginning of what made probes unbelievable. */
  #forgetSince(sinceMs: number, nowMs: number): void {
    for (let server = 0; server < this.#state.length; server++) {
      if (this.#state[server] === FAILING) {
        if (this.#failingSinceMs[server]! < sinceMs) continue;
        this.#backMs[server] = nowMs;
      }
      this.#state[server] = UNKNOWN;
      this.#failures[server] = 0;
    }
  }

  /** Most servers never fail. */
  #dampingOf(server: number): FlapDamping {
    const known = this.#dampings.get(server);
    if (known !== undefined) return known;
    const damping = new FlapDamping(this.#tuning.successes);
    this.#dampings.set(server, damping);
    return damping;
  }
}

function bitsSet(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
