import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type Got, TimeoutError } from 'got';
import { LRUCache } from 'lru-cache';
import type { Lookup } from './guarded-lookup.ts';
import { Manifest } from './manifest.ts';

export type ManifestOutcome =
  | { kind: 'manifest'; manifest: Manifest }
  /** wherever it was looked for, it is not there */
  | { kind: 'unknown' }
  | { kind: 'unavailable'; cause: 'timeout' | 'unreachable' | 'bad-answer' | 'busy'; detail: string };

export interface ManifestStoreOptions {
  lookup: Lookup;
  /** monotonic */
  nowMs: () => number;
  /** where a resource may be had instead, the best first */
  elsewhere: (url: URL) => readonly URL[];
  /** what came of each fetch, for metrics */
  onFetched: (outcome: string) => void;
}

/** Every viewer of a live MPD asks again each few seconds; the sources are asked this often at most. */
const FRESH_MS = 2000;
/** While nobody answers, what was there so long ago is better than nothing. */
const STALE_MS = 600_000;
const ATTEMPT_BOUND_MS = 2000;
const ATTEMPTS = 3;
export const MOST_BYTES = 1024 * 1024;
const MOST_MANIFESTS = 1000;
const MOST_STORED_BYTES = 64 * 1024 * 1024;
const MOST_FETCHES = 64;

interface Kept {
  manifest: Manifest;
  fetchedMs: number;
}

/**
 * Other people's manifests, by URL. One fetch at a time for each, however many ask; a known one is answered at once and
 * fetched anew behind the answer. Redirects are not followed, for they could lead anywhere.
 */
export class ManifestStore {
  readonly #options: ManifestStoreOptions;
  readonly #kept = new LRUCache<string, Kept>({
    max: MOST_MANIFESTS,
    maxSize: MOST_STORED_BYTES,
    sizeCalculation: ({ manifest }) => manifest.sizeBytes,
  });
  readonly #fetching = new Map<string, Promise<ManifestOutcome>>();
  readonly #agents: { http: HttpAgent; https: HttpsAgent };
  readonly #client: Got;

  constructor(options: ManifestStoreOptions) {
    this.#options = options;
    // `lookup` of an agent goes to every connection it makes.
    const agentOptions = { keepAlive: false, lookup: options.lookup } as ConstructorParameters<typeof HttpAgent>[0];
    this.#agents = { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };
    this.#client = got.extend({
      agent: this.#agents,
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
      decompress: false,
      timeout: { request: ATTEMPT_BOUND_MS },
      headers: { 'user-agent': 'undercard', 'accept-encoding': 'identity' },
    });
  }

  /** @param url at a CDN or source of the file: the caller has looked */
  async get(url: URL): Promise<ManifestOutcome> {
    const kept = this.#kept.get(url.href);
    const ageMs = kept === undefined ? Infinity : this.#options.nowMs() - kept.fetchedMs;
    if (ageMs < FRESH_MS) return { kind: 'manifest', manifest: kept!.manifest };
    const fetching = this.#refresh(url);
    return ageMs < STALE_MS && !isLive(kept!.manifest) ? { kind: 'manifest', manifest: kept!.manifest } : fetching;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #refresh(url: URL): Promise<ManifestOutcome> {
    const underWay = this.#fetching.get(url.href);
    if (underWay !== undefined) return underWay;
    if (this.#fetching.size >= MOST_FETCHES) {
      this.#options.onFetched('busy');
      return Promise.resolve({ kind: 'unavailable', cause: 'busy', detail: 'too many manifests are being fetched' });
    }
    const fetching = this.#fetchSomewhere(url).then((outcome) => {
      this.#fetching.delete(url.href);
      return this.#remember(url, outcome);
    });
    this.#fetching.set(url.href, fetching);
    return fetching;
  }

  #remember(url: URL, outcome: ManifestOutcome): ManifestOutcome {
    const nowMs = this.#options.nowMs();
    if (outcome.kind === 'manifest') this.#kept.set(url.href, { manifest: outcome.manifest, fetchedMs: nowMs });
    if (outcome.kind === 'unknown') this.#kept.delete(url.href);
    if (outcome.kind !== 'unavailable') return outcome;
    const kept = this.#kept.peek(url.href);
    return kept !== undefined && nowMs - kept.fetchedMs < STALE_MS
      ? { kind: 'manifest', manifest: kept.manifest }
      : outcome;
  }

  /** The same resource is at every CDN: one that is down need not keep viewers out. */
  async #fetchSomewhere(url: URL): Promise<ManifestOutcome> {
    let first: ManifestOutcome | null = null;
    const places = [url, ...this.#options.elsewhere(url).filter(({ href }) => href !== url.href)];
    for (const place of places.slice(0, ATTEMPTS)) {
      const outcome = await this.#fetch(place);
      this.#options.onFetched(outcome.kind === 'unavailable' ? outcome.cause : outcome.kind);
      if (outcome.kind === 'manifest') return outcome;
      first ??= outcome;
      if (outcome.kind === 'unknown') break;
    }
    return first!;
  }

  async #fetch(url: URL): Promise<ManifestOutcome> {
    const tooLarge = new AbortController();
    try {
      const answer = this.#client.get(url, { signal: tooLarge.signal });
      void answer.on('downloadProgress', ({ transferred }) => {
        if (transferred > MOST_BYTES) tooLarge.abort();
      });
      const { statusCode, body, headers } = await answer;
      if (statusCode === 404 || statusCode === 410) return { kind: 'unknown' };
      if (statusCode !== 200) return badAnswer(url, `status ${statusCode}`);
      const coding = headers['content-encoding'];
      if (coding !== undefined && coding !== 'identity')
        return badAnswer(url, `encoded (${coding}) although not asked`);
      const manifest = Manifest.of(body, url);
      return manifest === null ? badAnswer(url, 'neither an HLS playlist nor an MPD') : { kind: 'manifest', manifest };
    } catch (error) {
      if (tooLarge.signal.aborted) return badAnswer(url, `more than ${MOST_BYTES} bytes`);
      const cause = error instanceof TimeoutError ? 'timeout' : 'unreachable';
      return { kind: 'unavailable', cause, detail: `${url.host}: ${(error as Error).message}` };
    }
  }
}

/** The newest segments are in the MPD itself: an old one would hold players back. */
function isLive({ type }: Manifest): boolean {
  return type === 'mpd';
}

function badAnswer(url: URL, what: string): ManifestOutcome {
  return { kind: 'unavailable', cause: 'bad-answer', detail: `${url.host}: ${what}` };
}
