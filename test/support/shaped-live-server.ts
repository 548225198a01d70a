import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { masterPlaylist, mediaPlaylist, PLAYLIST_TYPE } from '../../origin/service/playlists.ts';
import { loadLoop, type LoopRendition, segmentBytes, testStreamEvent } from '../../origin/test-stream/loop.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import { newestNumber } from '../../topology/model/live-window.ts';
import { type BandwidthTrace, bytesBetween } from './bandwidth-trace.ts';

/**
 * The test stream's small renditions, padded to exactly these bitrates: sizes are known beforehand, and decoding them
 * takes little of the processor that is measured with.
 */
const LADDER = [
  { id: 'l0', media: 'v240', bandwidth: 400_000 },
  { id: 'l1', media: 'v240', bandwidth: 800_000 },
  { id: 'l2', media: 'v240', bandwidth: 1_600_000 },
  { id: 'l3', media: 'v360', bandwidth: 3_200_000 },
] as const;

const LISTED_SEGMENTS = 10;
/** A body goes out in steps as long as this. */
const PACE_MS = 20;
const BOX_HEADER_BYTES = 8;

export interface SegmentRequest {
  wallMs: number;
  number: number;
  level: number;
  /** the whole body was written; null: the player broke it off */
  endedWallMs: number | null;
}

/**
 * A live stream of real media, video only, as often as there are traces: below `/<n>/` segments' bodies come at the n-th
 * trace's rate. A trace's clock begins with the first segment asked for. Playlists and init segments are not slowed down.
 */
export class ShapedLiveServer {
  readonly event: LiveEvent;
  readonly requests: SegmentRequest[][];
  readonly #traces: readonly BandwidthTrace[];
  readonly #media: Map<string, LoopRendition>;
  readonly #server: http.Server;

  constructor(traces: readonly BandwidthTrace[]) {
    this.#traces = traces;
    this.requests = traces.map(() => []);
    this.#media = new Map(loadLoop().renditions.map((rendition) => [rendition.id, rendition]));
    const event = testStreamEvent({ eventId: 'shaped', startMs: Date.now() - 120_000, dvrWindowMs: 60_000 });
    const renditions = LADDER.map(({ id, media, bandwidth }) => {
      return { ...event.renditions.find((rendition) => rendition.id === media)!, id, bandwidth };
    });
    this.event = { ...event, renditions };
    this.#server = http.createServer((request, response) => this.#answer(request.url!, response));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  pageUrl(page: number): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${page}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(url: string, response: http.ServerResponse): void {
    if (url === '/hls.js') return send(response, 'text/javascript', HLS_JS);
    const [, page, id, name] = /^\/(\d+)\/(?:(l\d)\/)?([\w.]*)$/.exec(url) ?? [];
    if (name === '') return send(response, 'text/html', PAGE);
    if (name === 'master.m3u8') return send(response, PLAYLIST_TYPE, masterPlaylist(this.event));
    const level = LADDER.findIndex((rung) => rung.id === id);
    const rendition = this.#media.get(LADDER[level]?.media ?? '');
    if (rendition === undefined) {
      response.writeHead(404).end();
    } else if (name === 'index.m3u8') send(response, PLAYLIST_TYPE, this.#playlist());
    else if (name === 'init.mp4') send(response, 'video/mp4', rendition.init);
    else this.#sendSegment(Number(page), level, rendition, Number.parseInt(name!, 10), response);
  }

  #playlist(): string {
    const newest = newestNumber(this.event, Date.now());
    const segments = Array.from({ length: LISTED_SEGMENTS }, () => true);
    const firstNumber = newest - LISTED_SEGMENTS + 1;
    return mediaPlaylist(this.event, { firstNumber, segments, complete: false, lifetimeMs: 0 });
  }

  #sendSegment(page: number, level: number, media: LoopRendition, number: number, response: http.ServerResponse): void {
    const wallMs = Date.now();
    const seen: SegmentRequest = { wallMs, number, level, endedWallMs: null };
    this.requests[page]!.push(seen);
    const startedMs = this.requests[page]![0]!.wallMs;
    const sizeBytes = (LADDER[level]!.bandwidth * this.event.segmentDurationMs) / 8000;
    const body = padded(segmentBytes(media, this.event, number), sizeBytes);
    response.writeHead(200, {
      'Content-Type': 'video/mp4',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
    });
    response.flushHeaders();
    let sentBytes = 0;
    const pace = setInterval(() => {
      const due = Math.floor(bytesBetween(this.#traces[page]!, wallMs - startedMs, Date.now() - startedMs));
      const until = Math.min(body.length, due);
      if (until > sentBytes) response.write(body.subarray(sentBytes, until));
      sentBytes = until;
      if (sentBytes < body.length) return;
      clearInterval(pace);
      seen.endedWallMs = Date.now();
      response.end();
    }, PACE_MS);
    response.on('close', () => clearInterval(pace));
  }
}

/** A `free` box behind the media (ISO/IEC 14496-12 §8.1.2), which players pass over. */
function padded(media: Buffer, sizeBytes: number): Buffer {
  const padBytes = sizeBytes - media.length;
  if (padBytes < BOX_HEADER_BYTES) throw new Error(`${media.length} bytes of media do not fit into ${sizeBytes}`);
  const box = Buffer.alloc(padBytes);
  box.writeUInt32BE(padBytes, 0);
  box.write('free', 4, 'latin1');
  return Buffer.concat([media, box]);
}

function send(response: http.ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}

/** What the page's `log` holds. Times in ms; `elapsedMs` and `firstByteMs` from the request. */
export interface PageLog {
  version: string;
  /** when the first picture moved, and the moment of the stream that it shows */
  playing: { wallMs: number; positionWallMs: number } | null;
  happened: PageEvent[];
  errors: string[];
}

export type PageEvent = { number: number; level: number } & (
  | { kind: 'chosen'; bufferMs: number }
  | { kind: 'buffered'; receivedBytes: number; firstByteMs: number; elapsedMs: number }
  | {
      kind: 'abandoned';
      bufferMs: number;
      receivedBytes: number;
      totalBytes: number;
      firstByteMs: number;
      elapsedMs: number;
    }
);

const HLS_JS = readFileSync(fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js')));

/** hls.js as it comes, but for media capabilities: whether this machine decodes smoothly is not the question. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>hls.js</title>
<video muted autoplay playsinline width="320"></video><script src="/hls.js"></script><script>
const video = document.querySelector('video');
const hls = new Hls({ useMediaCapabilities: false });
const log = { version: Hls.version, playing: null, happened: [], errors: [] };
const isMedia = (frag) => frag.type === 'main' && frag.sn !== 'initSegment';
const bufferMs = () => (hls.mainForwardBufferInfo?.len ?? 0) * 1000;
hls.on(Hls.Events.FRAG_LOADING, (_, { frag }) => {
  if (isMedia(frag)) log.happened.push({ kind: 'chosen', number: frag.sn, level: frag.level, bufferMs: bufferMs() });
});
hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag, stats }) => {
  if (!isMedia(frag)) return;
  const { loading, parsing, loaded } = stats;
  log.happened.push({ kind: 'buffered', number: frag.sn, level: frag.level, receivedBytes: loaded,
    firstByteMs: loading.first - loading.start, elapsedMs: parsing.end - loading.start });
});
hls.on(Hls.Events.FRAG_LOAD_EMERGENCY_ABORTED, (_, { frag, stats }) => {
  const { loading, loaded, total } = stats;
  log.happened.push({ kind: 'abandoned', number: frag.sn, level: frag.level, bufferMs: bufferMs(), receivedBytes: loaded,
    firstByteMs: loading.first ? loading.first - loading.start : -1, elapsedMs: performance.now() - loading.start,
    totalBytes: total });
});
hls.on(Hls.Events.ERROR, (_, { details, fatal }) => log.errors.push(details + (fatal ? ' (fatal)' : '')));
video.addEventListener('playing', () => {
  log.playing ??= { wallMs: Date.now(), positionWallMs: hls.playingDate.getTime() };
});
hls.loadSource('master.m3u8');
hls.attachMedia(video);
</script>`;
