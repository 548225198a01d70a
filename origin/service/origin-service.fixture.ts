import { createHash, randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { createLog } from '../../runtime/log.ts';
import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';
import { ORIGIN_DEFAULTS, type OriginConfig } from './origin-config.ts';
import { startOrigin } from './origin-service.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

/**
 * Half-way through the third of its one-minute segments: number 1 is past its retry deadline, 2 and 3 may be published,
 * and no test takes long enough for that to change.
 */
export function slowEvent(id: string, changes: Partial<LiveEvent> = {}): LiveEvent {
  return {
    id,
    state: 'live',
    availabilityStartMs: Date.now() - 150_000,
    segmentDurationMs: 60_000,
    startNumber: 1,
    dvrWindowMs: 600_000,
    renditions: [
      { id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 3_000_000, width: 1280, height: 720, frameRate: 25 },
      { id: 'v2', kind: 'video', codecs: 'avc1.640015', bandwidth: 800_000, width: 640, height: 360, frameRate: 25 },
      { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 128_000, language: 'en' },
    ],
    ...defaultTemplates(id),
    ...changes,
  };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

export function someBytes(sizeBytes = 2000): Buffer {
  return randomBytes(sizeBytes);
}

/** An origin on ports of its own, closed with the test. */
export async function originFor(t: ExecutionContext, changes: Partial<OriginConfig> = {}) {
  const log = createLog('origin', 'silent');
  const service = await startOrigin({ ...ORIGIN_DEFAULTS, listen: ANY_PORT, admin: ANY_PORT, log, ...changes });
  t.teardown(() => service.close());
  const { listen, ingest, admin } = service.urls as { listen: string; ingest: string; admin: string };
  const put = (path: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
    fetch(`${ingest}/ingest/${path}`, { method: 'PUT', body, headers });
  return {
    service,
    port: Number(new URL(listen).port),
    ingestPort: Number(new URL(ingest).port),
    put,
    announce: (event: LiveEvent, pipeline = 'a') => put(`${pipeline}/${event.id}/event.json`, JSON.stringify(event)),
    get: (path: string, init: RequestInit = {}) => fetch(`${listen}/live/${path}`, init),
    metrics: async () => (await fetch(`${admin}/metrics`)).text(),
    admin,
    listen,
  };
}

/** Looks again and again until it is so; a test that waits for something that never comes fails by its own time-out. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
