// Asks for the counters every second or two, while the page is seen; slower while steering does not answer.

const SLOWEST_MS = 10_000;

export class LiveFeed {
  #look;
  #everyMs;
  #waitMs;
  #timer = null;
  #busy = false;

  /** @param look asks once; a rejected promise is a failure */
  constructor(look, everyMs) {
    this.#look = look;
    this.#everyMs = everyMs;
    this.#waitMs = everyMs;
    document.addEventListener('visibilitychange', () => this.#visibility());
  }

  start() {
    if (!document.hidden) void this.#turn();
  }

  everyMs(value) {
    this.#everyMs = value;
    this.#waitMs = value;
  }

  /** At once, as when a token was given. */
  again() {
    this.#waitMs = this.#everyMs;
    clearTimeout(this.#timer);
    if (!document.hidden) void this.#turn();
  }

  #visibility() {
    clearTimeout(this.#timer);
    if (!document.hidden) this.again();
  }

  async #turn() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#look();
      this.#waitMs = this.#everyMs;
    } catch {
      this.#waitMs = Math.min(SLOWEST_MS, this.#waitMs * 2);
    }
    this.#busy = false;
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => void this.#turn(), this.#waitMs);
  }
}
