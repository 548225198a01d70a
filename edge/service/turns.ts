import type { EdgeMachine } from '../policy/machine.ts';

/**
 * The machine must not be called from inside its own orders. Whatever an order leads to that would do so waits here until
 * the machine has returned; then the timer is set for when it wants to be woken.
 */
export class Turns {
  readonly #machine: EdgeMachine;
  #depth = 0;
  #steps: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #closed = false;

  constructor(machine: EdgeMachine) {
    this.#machine = machine;
  }

  /** Calls the machine, then does what had to wait. */
  tell(call: () => void): void {
    this.enter();
    try {
      call();
    } finally {
      this.leave();
    }
  }

  /** `tell` in two halves, for the one caller that cannot afford a closure. */
  enter(): void {
    this.#depth++;
  }

  leave(): void {
    if (--this.#depth === 0) this.#settle();
  }

  /** Does it now, or as soon as the machine has returned. */
  later(step: () => void): void {
    this.#steps.push(step);
    if (this.#depth === 0) this.#settle();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #settle(): void {
    if (this.#steps.length > 0) this.#work();
    const nextMs = this.#machine.nextWake();
    if (nextMs < this.#timerAtMs && !this.#closed) this.#arm(nextMs);
  }

  #work(): void {
    let step = this.#steps.shift();
    while (step !== undefined) {
      step();
      step = this.#steps.shift();
    }
  }

  #arm(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Infinity;
        this.tell(() => this.#machine.wake(performance.now()));
      },
      Math.max(1, Math.ceil(atMs - performance.now())),
    );
  }
}
