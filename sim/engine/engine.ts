import { Timers } from './timers.ts';

/** A timer lies in the past. */
export class TimeWentBack extends Error {
  readonly code = 'TIME_WENT_BACK';
}

/** A moment in Unix time at which simulations begin: 2027-01-15, 08:00 UTC. Nothing depends on which it is. */
export const WALL_START_MS = 1_800_000_000_000;

/**
 * Virtual time: fires the timers in order until nothing is left or the end is reached. Monotonic time begins at 0; what
 * wall clocks show is `wallMs` plus each node's own error.
 */
export class Engine {
  readonly timers = new Timers();
  /** timers fired */
  events = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  get wallMs(): number {
    return WALL_START_MS + this.#nowMs;
  }

  /**
   * Goes on to the given moment, events at that very moment included, or for so many events.
   * @returns whether the moment was reached: there is nothing left to do before it
   * @throws TimeWentBack when a timer lies in the past
   */
  run(untilMs: number, eventsMax = Infinity): boolean {
    const { timers } = this;
    for (let count = 0; count < eventsMax; count++) {
      const nextMs = timers.nextMs;
      if (!(nextMs <= untilMs)) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return true;
      }
      if (nextMs < this.#nowMs) throw new TimeWentBack(`time went back from ${this.#nowMs} ms to ${nextMs} ms`);
      this.#nowMs = nextMs;
      this.events++;
      timers.fire();
    }
    return false;
  }
}
