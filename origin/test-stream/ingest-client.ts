import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import got, { type Got } from 'got';
import { reprDigest, sha256Of } from '../service/repr-digest.ts';

export type ContentType = 'application/json' | 'video/mp4' | 'audio/mp4';

export type PutOutcome =
  | { kind: 'accepted' }
  /** trying again would not help */
  | { kind: 'refused'; detail: string }
  /** no answer, or one that may be better next time */
  | { kind: 'failed'; detail: string };

/** 404: an origin that has just started and does not know the event yet. */
const WORTH_ANOTHER_TRY = new Set([404, 408, 429, 500, 502, 503, 504]);
const DETAIL_BOUND = 200;

/** Publishes to `/ingest/<pipeline>/<event>/…` of one origin, with the digest of what the body should be (RFC 9530). */
export class IngestClient {
  readonly #got: Got;
  readonly #agents: { http: http.Agent; https: https.Agent };

  /** @param origin scheme, host and port */
  constructor(origin: string, pipeline: string, eventId: string) {
    this.#agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
    this.#got = got.extend({
      prefixUrl: new URL(`/ingest/${pipeline}/${eventId}/`, origin),
      method: 'PUT',
      agent: this.#agents,
      headers: { 'user-agent': 'undercard-test-stream' },
      throwHttpErrors: false,
      followRedirect: false,
      decompress: false,
      retry: { limit: 0 },
    });
  }

  /**
   * One attempt. @param sent what goes on the wire instead of `bytes`, where a fault is wanted
   */
  async put(
    path: string,
    type: ContentType,
    bytes: Buffer,
    signal: AbortSignal,
    sent: Buffer | Readable = bytes,
  ): Promise<PutOutcome> {
    const headers = {
      'content-type': type,
      'content-length': String(bytes.length),
      'repr-digest': reprDigest(sha256Of(bytes)),
    };
    try {
      const { statusCode, body } = await this.#got(path, { headers, body: sent, signal });
      if (statusCode >= 200 && statusCode < 300) return { kind: 'accepted' };
      const detail = `${statusCode} ${body.trim().slice(0, DETAIL_BOUND)}`;
      return { kind: WORTH_ANOTHER_TRY.has(statusCode) ? 'failed' : 'refused', detail };
    } catch (error) {
      return { kind: 'failed', detail: signal.aborted ? 'no answer in time' : (error as Error).message };
    } finally {
      if (!Buffer.isBuffer(sent)) sent.destroy();
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}
