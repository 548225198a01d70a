import http from 'node:http';
import https from 'node:https';
import type { Cdns } from '../../../topology/model/cdns.ts';
import type { CdnHealth } from '../../policy/cdns/cdn-health.ts';
import { REFUSED_AS_PRIVATE, type Lookup } from './guarded-lookup.ts';

export interface CdnProberOptions {
  cdns: Cdns;
  /** by number in the file */
  health: readonly CdnHealth[];
  lookup: Lookup;
  /** monotonic */
  nowMs: () => number;
  /** for metrics; null: it was well */
  onProbed: (cdn: string, failure: string | null) => void;
}

/** Of a probe's body so much is read; then the connection is closed. */
const MOST_BYTES = 64 * 1024;

/**
 * Asks each CDN for something every few seconds, as a player would: a new connection each time, for it is those that
 * fail. Bounded in time and size, and one probe of a CDN at a time.
 */
export class CdnProber {
  readonly #options: CdnProberOptions;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #underWay = new Set<http.ClientRequest>();
  readonly #failures = new Map<number, string>();
  #isClosed = false;

  constructor(options: CdnProberOptions) {
    this.#options = options;
    options.cdns.cdns.forEach((_, cdn) => void this.#probe(cdn));
  }

  /** Why the last probe of a CDN failed; null when it was well, or none has ended. */
  failureOf(cdn: number): string | null {
    return this.#failures.get(cdn) ?? null;
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const request of this.#underWay) request.destroy();
  }

  async #probe(cdn: number): Promise<void> {
    const { cdns, health, nowMs, onProbed } = this.#options;
    const { id } = cdns.cdns[cdn]!;
    const failure = await this.#ask(cdn);
    if (this.#isClosed) return;
    onProbed(id, failure);
    if (failure === null) this.#failures.delete(cdn);
    else this.#failures.set(cdn, failure);
    health[cdn]!.probed(failure === null, nowMs());
    const { everySeconds, againSeconds } = cdns.probes;
    const pauseSeconds = health[cdn]!.isInDoubt ? againSeconds : everySeconds;
    // Several instances must not come to ask all at the same moments.
    const pauseMs = 1000 * pauseSeconds * (0.9 + 0.2 * Math.random());
    this.#timers.set(
      cdn,
      setTimeout(() => void this.#probe(cdn), pauseMs),
    );
  }

  /** @returns why it failed, in a few words, or null */
  #ask(cdn: number): Promise<string | null> {
    const { cdns, lookup } = this.#options;
    const { baseUrl, probe } = cdns.cdns[cdn]!;
    const url = `${baseUrl}${probe ?? '/'}`;
    return new Promise((resolve) => {
      const end = (failure: string | null) => {
        clearTimeout(timer);
        this.#underWay.delete(request);
        request.destroy();
        resolve(failure);
      };
      const send = url.startsWith('https:') ? https.get : http.get;
      const options = { agent: false, lookup, headers: { 'User-Agent': 'undercard-probe', Connection: 'close' } };
      const request = send(url, options as http.RequestOptions, (response) => {
        const { statusCode = 0 } = response;
        // Without a path of its own it is asked for something that need not be there: whoever says so is alive.
        const isWell = probe === undefined ? statusCode < 500 : statusCode >= 200 && statusCode < 300;
        if (!isWell) return end(`status ${statusCode}`);
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes >= MOST_BYTES) end(null);
        });
        response.on('end', () => end(response.complete ? null : 'cut'));
        response.on('error', () => end('cut'));
      });
      this.#underWay.add(request);
      const timer = setTimeout(() => end('timeout'), cdns.probes.timeoutSeconds * 1000);
      request.on('error', ({ code = 'error', message }: NodeJS.ErrnoException) =>
        // Only the guard's own message says how to mend it.
        end(code === REFUSED_AS_PRIVATE ? message : code),
      );
      request.on('close', () => end('closed'));
    });
  }
}
