import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type Got, TimeoutError } from 'got';
import { LRUCache } from 'lru-cache';
import { eventSchema, type LiveEvent } from '../../topology/model/event.ts';

export type EventOutcome =
  | { kind: 'event'; event: LiveEvent }
  /** the source knows no such event */
  | { kind: 'unknown' }
  | { kind: 'unavailable'; cause: 'timeout' | 'unreachable' | 'bad-answer' | 'busy'; detail: string };

export interface EventDocumentsOptions {
  /** an origin or an edge: scheme, host, port */
  source: URL;
  /** monotonic */
  nowMs: () => number;
  /** what came of each fetch, for metrics */
  onFetched: (outcome: string) => void;
}

const FRESH_MS = 2000;
const FETCH_BOUND_MS = 2000;
const MOST_BYTES = 256 * 1024;
const MOST_DOCUMENTS = 1000;
const MOST_FETCHES = 32;

interface Known {
  outcome: EventOutcome;
  fetchedMs: number;
}

/**
 * Event documents by id. One fetch at a time for an event, however many ask; a known event is answered at once and
 * refreshed behind the answer, so that a source that is slow, broken or gone delays and breaks nothing once it has
 * spoken.
 */
export class EventDocuments {
  readonly #options: EventDocumentsOptions;
  readonly #known = new LRUCache<string, Known>({ max: MOST_DOCUMENTS });
  readonly #fetching = new Map<string, Promise<EventOutcome>>();
  /** No connection is kept: it would often be closed by the source just as the next fetch, seconds later, begins. */
  readonly #agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  readonly #client: Got;

  constructor(options: EventDocumentsOptions) {
    this.#options = options;
    this.#client = got.extend({
      agent: this.#agents,
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
      decompress: false,
      timeout: { request: FETCH_BOUND_MS },
      headers: { 'user-agent': undefined, 'accept-encoding': undefined },
    });
  }

  /** @param id an identifier: it becomes part of a URL */
  async get(id: string): Promise<EventOutcome> {
    const known = this.#known.get(id);
    const fresh = known !== undefined && this.#options.nowMs() - known.fetchedMs < FRESH_MS;
    if (fresh) return known.outcome;
    const fetched = this.#refresh(id);
    return known?.outcome.kind === 'event' ? known.outcome : fetched;
  }

  /** The event that was asked for last of those that exist; null when there was none yet. */
  get latestId(): string | null {
    for (const [id, { outcome }] of this.#known.entries()) if (outcome.kind === 'event') return id;
    return null;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #refresh(id: string): Promise<EventOutcome> {
    const underWay = this.#fetching.get(id);
    if (underWay) return underWay;
    if (this.#fetching.size >= MOST_FETCHES) {
      this.#options.onFetched('busy');
      return Promise.resolve({ kind: 'unavailable', cause: 'busy', detail: 'too many events are being fetched' });
    }
    const fetching = this.#fetch(id).then((outcome) => {
      this.#fetching.delete(id);
      this.#options.onFetched(outcome.kind === 'unavailable' ? outcome.cause : outcome.kind);
      return this.#remember(id, outcome);
    });
    this.#fetching.set(id, fetching);
    return fetching;
  }

  /** Stale on error: a document once known is forgotten only when the source itself says that it is gone. */
  #remember(id: string, outcome: EventOutcome): EventOutcome {
    const before = this.#known.get(id)?.outcome;
    const kept = outcome.kind === 'unavailable' && before?.kind === 'event' ? before : outcome;
    this.#known.set(id, { outcome: kept, fetchedMs: this.#options.nowMs() });
    return kept;
  }

  async #fetch(id: string): Promise<EventOutcome> {
    const tooLarge = new AbortController();
    try {
      const answer = this.#client.get(new URL(`/live/${id}/event.json`, this.#options.source), {
        signal: tooLarge.signal,
      });
      void answer.on('downloadProgress', ({ transferred }) => {
        if (transferred > MOST_BYTES) tooLarge.abort();
      });
      const { statusCode, body } = await answer;
      if (statusCode === 404 || statusCode === 410) return { kind: 'unknown' };
      if (statusCode !== 200) return badAnswer(`status ${statusCode}`);
      return readDocument(id, body);
    } catch (error) {
      if (tooLarge.signal.aborted) return badAnswer(`more than ${MOST_BYTES} bytes`);
      const cause = error instanceof TimeoutError ? 'timeout' : 'unreachable';
      // Players read it: the message itself has the source's address.
      return { kind: 'unavailable', cause, detail: (error as NodeJS.ErrnoException).code ?? 'error' };
    }
  }
}

function readDocument(id: string, body: string): EventOutcome {
  let plain: unknown;
  try {
    plain = JSON.parse(body);
  } catch {
    return badAnswer('not JSON');
  }
  const checked = eventSchema.safeParse(plain);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return badAnswer(`${issue!.path.join('.')}: ${issue!.message}`);
  }
  if (checked.data.id !== id) return badAnswer(`it is the document of event ${checked.data.id}`);
  return { kind: 'event', event: checked.data };
}

function badAnswer(detail: string): EventOutcome {
  return { kind: 'unavailable', cause: 'bad-answer', detail };
}
