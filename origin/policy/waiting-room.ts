import type { Slot } from './segment-slot.ts';

/** Reads held until their segment comes: bounded in number, each with the deadline of its slot. */
export class WaitingRoom {
  readonly #maxWaiters: number;
  readonly #slotOf = new Map<number, Slot>();
  readonly #occupied = new Set<Slot>();

  constructor(maxWaiters: number) {
    this.#maxWaiters = maxWaiters;
  }

  get size(): number {
    return this.#slotOf.size;
  }

  get isFull(): boolean {
    return this.#slotOf.size >= this.#maxWaiters;
  }

  /** @param untilMs monotonic. The first waiter sets the bound for all: a jump of the wall clock makes nobody wait longer. */
  enter(readId: number, slot: Slot, untilMs: number): void {
    if (slot.waiters.size === 0) slot.holdUntilMs = untilMs;
    slot.waiters.add(readId);
    this.#occupied.add(slot);
    this.#slotOf.set(readId, slot);
  }

  leave(readId: number): void {
    const slot = this.#slotOf.get(readId);
    if (slot === undefined) return;
    this.#slotOf.delete(readId);
    slot.waiters.delete(readId);
    if (slot.waiters.size === 0) this.#occupied.delete(slot);
  }

  /** Empties a slot's room. @returns who was in it, in the order they came */
  empty(slot: Slot): number[] {
    const waiters = [...slot.waiters];
    slot.waiters.clear();
    this.#occupied.delete(slot);
    for (const readId of waiters) this.#slotOf.delete(readId);
    return waiters;
  }

  overdue(nowMs: number): Slot[] {
    return [...this.#occupied].filter((slot) => nowMs >= slot.holdUntilMs);
  }

  /** Monotonic; Infinity when nobody waits. */
  nextDeadlineMs(): number {
    let next = Infinity;
    for (const slot of this.#occupied) next = Math.min(next, slot.holdUntilMs);
    return next;
  }
}
