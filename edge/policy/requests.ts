import type { Deadlines } from './deadlines.ts';
import type { Fill, RequestState } from './fill.ts';
import type { KeyStates } from './key-states.ts';

/**
 * The requests on a fill: those that wait for its first byte, each with a bound, and those that read along. Whoever has
 * been answered in full, refused or cut is forgotten at once.
 */
export class Requests {
  readonly #requests = new Map<number, RequestState>();
  readonly #keys: KeyStates;
  readonly #deadlines: Deadlines;
  #waiting = 0;

  constructor(keys: KeyStates, deadlines: Deadlines) {
    this.#keys = keys;
    this.#deadlines = deadlines;
  }

  get open(): number {
    return this.#requests.size;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get(id: number): RequestState | undefined {
    return this.#requests.get(id);
  }

  /** A request that is put on the fill; it waits until its answer begins. */
  add(id: number, key: number, flags: number, deadlineMs: number, fill: Fill): RequestState {
    const request: RequestState = { id, key, flags, deadlineMs, fill, begun: false, rekeyed: false };
    this.#requests.set(id, request);
    fill.waiters.add(id);
    this.#waiting++;
    return request;
  }

  /** Its wait is bounded from now on; whoever begins in the same turn needs no bound. */
  bound({ id, deadlineMs }: RequestState): void {
    this.#deadlines.push(deadlineMs, -1 - id);
  }

  /** The request belongs to another key than its fill's, which must not be forgotten meanwhile. */
  rekey(request: RequestState, key: number): void {
    this.#settleKey(request);
    request.key = key;
    request.rekeyed = true;
    this.#keys.at(key).users++;
  }

  begin(request: RequestState): void {
    const { id, fill } = request;
    request.begun = true;
    this.#waiting--;
    fill.waiters.delete(id);
    fill.readers.add(id);
    this.#settleKey(request);
  }

  forget(request: RequestState): void {
    const { id, fill } = request;
    if (!this.#requests.delete(id)) return;
    if (request.begun) fill.readers.delete(id);
    else {
      fill.waiters.delete(id);
      this.#waiting--;
    }
    this.#settleKey(request);
  }

  /** Those who wait for the fill, in order of arrival, as a list that stands while they are answered. */
  waitersOf(fill: Fill): RequestState[] {
    return Array.from(fill.waiters, (id) => this.#requests.get(id)!);
  }

  readersOf(fill: Fill): RequestState[] {
    return Array.from(fill.readers, (id) => this.#requests.get(id)!);
  }

  #settleKey(request: RequestState): void {
    if (!request.rekeyed) return;
    request.rekeyed = false;
    this.#keys.leave(this.#keys.at(request.key));
  }
}
