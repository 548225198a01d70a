import { grown } from '../engine/grown.ts';

const ABSENT = -1;

/**
 * Of each link the groups that it holds back, in the order in which their first flows are done: a binary heap by the
 * link's clock, which all of them share, so that a change of the link's level moves none of them.
 */
export class HeldGroups {
  readonly #keys: number[][] = [];
  readonly #groups: number[][] = [];
  /** by group: its place in its link's heap */
  #places = new Int32Array(64).fill(ABSENT);

  constructor(links: number) {
    for (let link = 0; link < links; link++) {
      this.#keys.push([]);
      this.#groups.push([]);
    }
  }

  count(link: number): number {
    return this.#groups[link]!.length;
  }

  /** Infinity when there is none. */
  firstClock(link: number): number {
    const keys = this.#keys[link]!;
    return keys.length === 0 ? Infinity : keys[0]!;
  }

  first(link: number): number {
    return this.#groups[link]![0]!;
  }

  all(link: number): readonly number[] {
    return this.#groups[link]!;
  }

  /** Puts it in, or moves it to where it belongs now. */
  put(link: number, group: number, clock: number): void {
    const keys = this.#keys[link]!;
    const groups = this.#groups[link]!;
    if (group >= this.#places.length) {
      const had = this.#places.length;
      this.#places = grown(this.#places, Math.max(group + 1, had * 2)).fill(ABSENT, had);
    }
    let place = this.#places[group]!;
    if (place === ABSENT) {
      place = keys.length;
      keys.push(clock);
      groups.push(group);
    }
    this.#settle(keys, groups, place, group, clock);
  }

  /** It may not be there. */
  remove(link: number, group: number): void {
    const place = group < this.#places.length ? this.#places[group]! : ABSENT;
    if (place === ABSENT) return;
    this.#places[group] = ABSENT;
    const keys = this.#keys[link]!;
    const groups = this.#groups[link]!;
    const clock = keys.pop()!;
    const last = groups.pop()!;
    if (last !== group) this.#settle(keys, groups, place, last, clock);
  }

  /** All clocks of the link are so much less from now on. */
  turnBack(link: number, by: number): void {
    const keys = this.#keys[link]!;
    for (let place = 0; place < keys.length; place++) keys[place]! -= by;
  }

  #settle(keys: number[], groups: number[], from: number, group: number, clock: number): void {
    const places = this.#places;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (keys[parent]! <= clock) break;
      keys[place] = keys[parent]!;
      groups[place] = groups[parent]!;
      places[groups[place]!] = place;
      place = parent;
    }
    const end = keys.length;
    for (let child = 2 * place + 1; child < end; child = 2 * place + 1) {
      if (child + 1 < end && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= clock) break;
      keys[place] = keys[child]!;
      groups[place] = groups[child]!;
      places[groups[place]!] = place;
      place = child;
    }
    keys[place] = clock;
    groups[place] = group;
    places[group] = place;
  }
}
