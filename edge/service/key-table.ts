import { stableHash } from '../../topology/model/stable-hash.ts';
import { parseLivePath } from '../../topology/model/event.ts';

/** What the machine must be told of a key before its first use. */
export interface KeyFacts {
  hash: number;
  event: number;
  segment: number;
  /** of the event; −1 where there is none, or too many */
  rendition: number;
}

/** Of one event; a scan of invented names must not cost memory. */
const RENDITIONS_MAX = 256;

/** Events known at one time; a scan of invented names must not cost memory. */
const EVENTS_MAX = 4096;

/** Numbers for the texts of keys and events: the machine speaks of numbers only. */
export class KeyTable {
  readonly #numbers = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #events = new Map<string, number>();
  readonly #eventIds: string[] = [];
  /** by event */
  readonly #renditions: Map<string, number>[] = [];
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

  /** The rendition's number in its event. */
  rendition(event: number, id: string): number {
    const renditions = this.#renditions[event]!;
    const known = renditions.get(id);
    if (known !== undefined) return known;
    if (renditions.size >= RENDITIONS_MAX) return -1;
    renditions.set(id, renditions.size);
    return renditions.size - 1;
  }

  *matching(prefix: string): Iterable<number> {
    for (const [text, key] of this.#numbers) if (text.startsWith(prefix)) yield key;
  }

  #factsOf(text: string): KeyFacts {
    const live = parseLivePath(targetOf(text));
    // Variants of one target belong to one owner: the hash is the target's.
    const hash = stableHash(targetOf(text));
    if (live?.kind !== 'segment') return { hash, event: -1, segment: 0, rendition: -1 };
    const event = this.#eventNumber(live.eventId);
    const rendition = event < 0 ? -1 : this.rendition(event, live.renditionId);
    return { hash, event, segment: live.number, rendition };
  }

  #eventNumber(id: string): number {
    const known = this.#events.get(id);
    if (known !== undefined) return known;
    if (this.#eventIds.length >= EVENTS_MAX) return -1;
    this.#events.set(id, this.#eventIds.length);
    this.#eventIds.push(id);
    this.#renditions.push(new Map());
    return this.#eventIds.length - 1;
  }
}

/** A variant's key is its target followed by lines of field values. */
export function targetOf(keyText: string): string {
  const line = keyText.indexOf('\n');
  return line < 0 ? keyText : keyText.slice(0, line);
}
