import { stableHash } from '../../topology/model/stable-hash.ts';
import { parseLivePath } from '../../topology/model/event.ts';

/** What the machine must be told of a key before its first use. */
export interface KeyFacts {
  hash: number;
  event: number;
  segment: number;
}

/** Events known at one time; a scan of invented names must not cost memory. */
const EVENTS_MAX = 4096;

/** Numbers for the texts of keys and events: the machine speaks of numbers only. */
export class KeyTable {
  readonly #numbers = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #events = new Map<string, number>();
  readonly #eventIds: string[] = [];
  readonly #define: (key: number, facts: KeyFacts) => void;

  constructor(define: (key: number, facts: KeyFacts) => void) {
    this.#define = define;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** The key's number; a new one is made known to the machine first. */
  intern(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const key = this.#free.pop() ?? this.#texts.length;
    this.#numbers.set(text, key);
    this.#texts[key] = text;
    this.#define(key, this.#factsOf(text));
    return key;
  }

  find(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  text(key: number): string {
    return this.#texts[key]!;
  }

  release(key: number): void {
    const text = this.#texts[key];
    if (text === undefined) return;
    this.#numbers.delete(text);
    this.#texts[key] = undefined;
    this.#free.push(key);
  }

  eventId(event: number): string {
    return this.#eventIds[event]!;
  }

  *matching(prefix: string): Iterable<number> {
    for (const [text, key] of this.#numbers) if (text.startsWith(prefix)) yield key;
  }

  #factsOf(text: string): KeyFacts {
    const live = parseLivePath(targetOf(text));
    const event = live?.kind === 'segment' ? this.#eventNumber(live.eventId) : -1;
    // Variants of one target belong to one owner: the hash is the target's.
    return { hash: stableHash(targetOf(text)), event, segment: live?.kind === 'segment' ? live.number : 0 };
  }

  #eventNumber(id: string): number {
    const known = this.#events.get(id);
    if (known !== undefined) return known;
    if (this.#eventIds.length >= EVENTS_MAX) return -1;
    this.#events.set(id, this.#eventIds.length);
    this.#eventIds.push(id);
    return this.#eventIds.length - 1;
  }
}

/** A variant's key is its target followed by lines of field values. */
export function targetOf(keyText: string): string {
  const line = keyText.indexOf('\n');
  return line < 0 ? keyText : keyText.slice(0, line);
}
