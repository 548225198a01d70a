import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Ranking } from './server-choice.ts';

/** How the people of an audience, and the app they watch in, deal with a picture that does not move. */
export interface RestartHabits {
  /**
   * `none`: they wait · `naive`: reload as soon as their patience is over, again and again · `guided`: the app tells
   * them to wait as steering's backoff asks, longer each time
   */
  kind: 'none' | 'naive' | 'guided';
  /** median over viewers: how long a picture stands, or does not come, before one reloads */
  patienceMs: number;
  /** of the logarithm of patience (log-normal) */
  deviation: number;
  /** reloads in a row, without having seen anything between them; then the viewer gives up */
  most: number;
}

/** A stall of 6 to 10 s makes the middle third of them reload. */
export const DEFAULT_RESTART_HABITS: RestartHabits = { kind: 'naive', patienceMs: 8000, deviation: 0.5, most: 20 };

/** What steering said of retrying; a player's `ranking` has it. */
export type Guidance = Pick<Ranking, 'maxRetries' | 'retryAfterMs'>;

/** `reload`: throw the player away and start a new one, which asks steering, document and init segments again. */
export type ViewerAct = 'wait' | 'reload' | 'give-up';

/** Without a word from steering: what players take for it. */
const UNGUIDED: Guidance = { maxRetries: 6, retryAfterMs: 1000 };
const LONGEST_WAIT_MS = 60_000;

/**
 * One person in front of one player after another: when do they press reload? The driver calls `started` with each player
 * it starts, `wake` at `nextWakeMs`, and carries out what that returns; nothing in between, because the player's
 * `stillSinceMs` tells afterwards whether the picture moved. So a viewer who is content costs a wake now and then.
 */
export class ViewerBehaviour {
  /** in all */
  reloads = 0;
  nextWakeMs = Infinity;
  readonly patienceMs: number;
  readonly #habits: RestartHabits;
  readonly #random;
  #startedMs = 0;
  /** reloads since the picture last moved */
  #inRow = 0;
  /** half to one and a half, by chance, anew for each player */
  #jitter = 1;
  #guidance = UNGUIDED;

  /** @param seed spread out over all integers, as a hash is: neighbours begin alike */
  constructor(habits: RestartHabits, seed: number) {
    this.#habits = habits;
    this.#random = xoroshiro128plus(seed);
    // Box and Muller 1958.
    const radius = Math.sqrt(-2 * Math.log(1 - this.#uniform()));
    const normal = radius * Math.cos(2 * Math.PI * this.#uniform());
    this.patienceMs = habits.patienceMs * Math.exp(habits.deviation * normal);
  }

  /** A player was started: the first, or after a reload. */
  started(nowMs: number): void {
    if (this.#habits.kind === 'none') return;
    this.#startedMs = nowMs;
    this.#jitter = 0.5 + this.#uniform();
    this.nextWakeMs = nowMs + this.#bearsMs();
  }

  /**
   * @param stillSinceMs the player's, now
   * @param guidance the player's ranking, null where it has none; then the last that was heard stands
   */
  wake(nowMs: number, stillSinceMs: number, guidance: Guidance | null): ViewerAct {
    if (nowMs < this.nextWakeMs) return 'wait';
    if (guidance !== null) this.#guidance = guidance;
    if (stillSinceMs > this.#startedMs) this.#inRow = 0;
    // Where there is nothing to wait for (Infinity), it is looked at again after as long.
    const fromMs = stillSinceMs === Infinity ? nowMs : stillSinceMs;
    this.nextWakeMs = fromMs + this.#bearsMs();
    if (nowMs < this.nextWakeMs) return 'wait';
    this.nextWakeMs = Infinity;
    if (this.#inRow >= this.#habits.most) return 'give-up';
    this.#inRow++;
    this.reloads++;
    return 'reload';
  }

  /** From when the picture stands until this viewer reloads. */
  #bearsMs(): number {
    if (this.#habits.kind !== 'guided') return this.patienceMs;
    const { maxRetries, retryAfterMs } = this.#guidance;
    const askedMs = retryAfterMs * 2 ** Math.min(this.#inRow, maxRetries) * this.#jitter;
    return Math.max(this.patienceMs, Math.min(LONGEST_WAIT_MS, askedMs));
  }

  #uniform(): number {
    return uniformFloat32(this.#random);
  }
}
