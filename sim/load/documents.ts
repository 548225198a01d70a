import { eventSchema } from '../../topology/model/event.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import { type Ladder, ladderOf } from '../player/ladder.ts';
import type { Ranking } from '../player/server-choice.ts';
import type { ServerBook } from './server-book.ts';

/** A player tries a handful at most. */
const MAX_SERVERS = 16;
/** Documents of one event differ only when the event changes. */
const MAX_REMEMBERED = 64;
/** What a request line can carry. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** Reads event documents; all viewers read the same text, so that each text is parsed once. */
export class EventReader {
  readonly #ladders = new Map<string, Ladder>();

  /** @returns null when it is not an event document that can be played */
  read(text: string): Ladder | null {
    const known = this.#ladders.get(text);
    if (known !== undefined) return known;
    const parsed = eventSchema.safeParse(parseJson(text));
    if (!parsed.success) return null;
    const { mediaTemplate, initTemplate } = parsed.data;
    if (!PRINTABLE.test(mediaTemplate) || !PRINTABLE.test(initTemplate)) return null;
    const ladder = ladderOf(parsed.data);
    if (this.#ladders.size >= MAX_REMEMBERED) this.#ladders.clear();
    this.#ladders.set(text, ladder);
    return ladder;
  }
}

/** What steering answered to one player. */
export interface SteeringWord {
  ranking: Ranking;
  /** all servers are full: come back after this; null for who is let in */
  refusedForMs: number | null;
  /** no more than this; Infinity as a rule */
  maxBitrateBps: number;
}

/** @returns null when it is not an answer of `GET /v1/servers`, or names nobody that can be reached */
export function readSteering(text: string, servers: ServerBook): SteeringWord | null {
  const parsed = serversAnswerSchema.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const { ttlSeconds, backoff, admission } = parsed.data;
  const named = parsed.data.servers
    .toSorted((a, b) => a.rank - b.rank)
    .filter(({ baseUrl }) => /^https?:\/\//i.test(baseUrl))
    .slice(0, MAX_SERVERS)
    .map(({ id, baseUrl }) => {
      const number = servers.numberOf(new URL(baseUrl).origin);
      servers.called(number, id);
      return number;
    });
  if (named.length === 0) return null;
  const retryAfterMs = backoff.retryAfterSeconds * 1000;
  return {
    ranking: {
      servers: [...new Set(named)],
      ttlMs: ttlSeconds * 1000,
      maxRetries: backoff.maxRetries,
      retryAfterMs,
    },
    refusedForMs: admission?.verdict === 'refused' ? retryAfterMs : null,
    maxBitrateBps: admission?.maxBitrateBps ?? Infinity,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
