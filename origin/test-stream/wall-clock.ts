import { setTimeout as delay } from 'node:timers/promises';

/** Time as the publisher knows it, passed in so that tests can hold it still. */
export interface WallClock {
  /** Unix milliseconds */
  wallMs(): number;
  /** Resolves at `wallMs`, never before it; at once when it has passed or the signal aborts. */
  sleepUntil(wallMs: number, signal: AbortSignal): Promise<void>;
}

/** A timer runs on the monotonic clock. Looking up so often keeps it true to a wall clock that is being corrected. */
const LOOK_UP_EVERY_MS = 1000;

export const systemClock: WallClock = {
  wallMs: () => Date.now(),
  async sleepUntil(wallMs, signal) {
    for (let leftMs = wallMs - Date.now(); leftMs > 0 && !signal.aborted; leftMs = wallMs - Date.now()) {
      try {
        await delay(Math.min(leftMs, LOOK_UP_EVERY_MS), undefined, { signal });
      } catch {
        return;
      }
    }
  },
};
