import type { LiveOrigin } from '../policy/live-origin.ts';
import type { Instant } from '../policy/instant.ts';

/** Gives the machine its clocks and its alarm: after every call the timer stands where the machine wants it. */
export class OriginDriver {
  readonly machine: LiveOrigin;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  constructor(machine: LiveOrigin) {
    this.machine = machine;
  }

  now(): Instant {
    return { nowMs: performance.now(), wallMs: Date.now() };
  }

  call(work: (machine: LiveOrigin, at: Instant) => void): void {
    work(this.machine, this.now());
    this.#setAlarm();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = -Infinity;
  }

  #setAlarm(): void {
    const wakeAtMs = this.machine.nextWake();
    // An alarm that rings too early costs one look; moving it at every call would cost more.
    if (wakeAtMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wakeAtMs;
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, Math.ceil(wakeAtMs - performance.now())));
  }

  #ring(): void {
    this.#timerAtMs = Infinity;
    this.call((machine, at) => machine.wake(at));
  }
}
