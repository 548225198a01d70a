import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { SeldomLog } from '../../runtime/seldom-log.ts';
import type { IngestOutcome, IngestRefusal } from '../policy/contract.ts';
import type { CandidateDefect } from '../policy/segment-slot.ts';
import { readEventDocument } from './event-document.ts';
import { parseIngestPath, type IngestTarget } from './ingest-path.ts';
import type { OriginConfig } from './origin-config.ts';
import type { OriginDriver } from './origin-driver.ts';
import type { OriginMetrics } from './origin-metrics.ts';
import { digestDefect, sha256Of } from './repr-digest.ts';
import { storeBody, type StoredBody } from './stored-body.ts';

/** An upload that trickles longer than this is cut: it would hold its memory for nothing. */
const UPLOAD_BOUND_MS = 30_000;
const EVENT_DOCUMENT_BOUND_BYTES = 64 * 1024;

const STATUS_OF: Record<IngestOutcome | IngestRefusal, number> = {
  created: 201,
  published: 201,
  updated: 200,
  unchanged: 200,
  spare: 200,
  empty: 400,
  'short-body': 400,
  'bad-digest-field': 400,
  'digest-mismatch': 400,
  'bad-event': 400,
  'unknown-event': 404,
  'unknown-rendition': 404,
  'too-early': 409,
  'too-late': 409,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'no-room': 507,
  'too-many-events': 507,
};

interface Upload {
  exchange: HttpExchange;
  target: IngestTarget;
  bytes: Uint8Array;
  sha256: Buffer;
}

/** The publishing side: takes PUTs of the pipelines in, judges their bytes, and tells each what became of it. */
export class IngestSide {
  readonly #config: OriginConfig;
  readonly #driver: OriginDriver;
  readonly #metrics: OriginMetrics;
  readonly #bodies: Map<number, StoredBody>;
  /** complete uploads that the machine is judging, by ingest id */
  readonly #judged = new Map<number, Upload>();
  readonly #log: SeldomLog;
  /** by pipeline; each has its own share, so that one whose uploads hang cannot keep the other out */
  readonly #uploading = new Map<string, number>();
  readonly #uploadsMax: number;
  #lastId = 0;

  constructor(config: OriginConfig, driver: OriginDriver, metrics: OriginMetrics, bodies: Map<number, StoredBody>) {
    this.#config = config;
    this.#driver = driver;
    this.#metrics = metrics;
    this.#bodies = bodies;
    this.#log = new SeldomLog(config.log, () => performance.now());
    this.#uploadsMax = Math.max(1, Math.floor(config.maxUploads / config.pipelines.length));
  }

  handle(exchange: HttpExchange): void {
    if (exchange.method !== 'PUT' && exchange.method !== 'POST') {
      exchange.respond(405, null, 'Allow: PUT, POST', 'publish with PUT or POST\n');
      return;
    }
    const target = parseIngestPath(exchange.path);
    if (target === null) {
      answer(
        exchange,
        404,
        'not-found',
        'PUT /ingest/<pipeline>/<event>/event.json, …/<rendition>/init.mp4 or …/<n>.m4s',
      );
    } else if (!this.#config.pipelines.includes(target.pipeline)) {
      this.#count('other', 'unknown-pipeline');
      answer(exchange, 403, 'unknown-pipeline', `this origin takes from ${this.#config.pipelines.join(', ')}`);
    } else if (this.#uploadsOf(target.pipeline) >= this.#uploadsMax) {
      this.#count(target.pipeline, 'too-many-uploads');
      exchange.respond(503, null, 'Retry-After: 1', `too-many-uploads: ${this.#uploadsMax} of a pipeline at once\n`);
    } else {
      this.#receive(exchange, target);
    }
  }

  /** The machine's word on an upload: what became of it. */
  taken(ingestId: number, outcome: IngestOutcome): void {
    const upload = this.#judged.get(ingestId)!;
    if (outcome === 'published') this.#shelve(ingestId, upload);
    this.#settle(ingestId, upload, outcome, '');
  }

  rejected(ingestId: number, reason: IngestRefusal, detail: string): void {
    this.#settle(ingestId, this.#judged.get(ingestId)!, reason, detail);
  }

  #receive(exchange: HttpExchange, target: IngestTarget): void {
    const bound = target.kind === 'event' ? EVENT_DOCUMENT_BOUND_BYTES : this.#config.maxBodyBytes;
    const digestField = exchange.head.get('repr-digest');
    let open = true;
    this.#uploading.set(target.pipeline, this.#uploadsOf(target.pipeline) + 1);
    const done = (bytes: Uint8Array | null, defect: CandidateDefect | null) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.#uploading.set(target.pipeline, this.#uploadsOf(target.pipeline) - 1);
      this.#judge({ exchange, target, bytes: bytes ?? new Uint8Array(), sha256: Buffer.alloc(0) }, defect, digestField);
    };
    const timer = setTimeout(() => {
      exchange.destroy();
      done(null, 'short-body');
    }, UPLOAD_BOUND_MS);
    exchange.hold(() => done(null, 'short-body'));
    if (Number(exchange.head.get('content-length') ?? 0) > bound) done(null, 'too-large');
    else exchange.readBody(bound, (bytes) => done(bytes, bytes === null ? 'too-large' : null));
  }

  #judge(upload: Upload, broken: CandidateDefect | null, digestField: string | undefined): void {
    const { target, bytes } = upload;
    let defect = broken;
    if (defect === null) {
      this.#metrics.receivedBytes.inc({ pipeline: target.pipeline }, bytes.byteLength);
      upload.sha256 = sha256Of(bytes);
      defect = bytes.byteLength === 0 ? 'empty' : digestDefect(digestField, upload.sha256);
    }
    const ingestId = ++this.#lastId;
    this.#judged.set(ingestId, upload);
    if (target.kind === 'event') this.#announce(ingestId, target.eventId, upload, defect);
    else this.#offer(ingestId, target, upload, defect);
  }

  #announce(ingestId: number, eventId: string, upload: Upload, defect: CandidateDefect | null): void {
    if (defect !== null) {
      this.rejected(ingestId, defect, '');
      return;
    }
    const event = readEventDocument(upload.bytes, eventId);
    if ('flaw' in event) this.rejected(ingestId, 'bad-event', event.flaw);
    else this.#driver.call((machine, at) => machine.announce(ingestId, event, at));
  }

  #offer(
    bodyId: number,
    target: IngestTarget & { kind: 'media' },
    upload: Upload,
    defect: CandidateDefect | null,
  ): void {
    const { eventId, renditionId, number } = target;
    const pipeline = this.#config.pipelines.indexOf(target.pipeline);
    const sizeBytes = upload.bytes.byteLength;
    this.#driver.call((machine, at) =>
      machine.offer({ bodyId, pipeline, eventId, renditionId, number, sizeBytes, defect }, at),
    );
  }

  #shelve(bodyId: number, { target, bytes, sha256 }: Upload): void {
    if (target.kind !== 'media') return;
    const event = this.#driver.machine.event(target.eventId)!;
    this.#bodies.set(bodyId, storeBody(bytes, sha256, { ...target, event }, this.#config.id));
  }

  #settle(ingestId: number, upload: Upload, verdict: IngestOutcome | IngestRefusal, detail: string): void {
    this.#judged.delete(ingestId);
    this.#count(upload.target.pipeline, verdict);
    const status = STATUS_OF[verdict];
    if (status >= 400) this.#log.warn({ path: upload.exchange.path, verdict, detail }, 'candidate refused');
    answer(upload.exchange, status, verdict, detail);
  }

  #uploadsOf(pipeline: string): number {
    return this.#uploading.get(pipeline) ?? 0;
  }

  #count(pipeline: string, verdict: string): void {
    this.#metrics.ingested.inc({ pipeline, verdict });
  }
}

function answer(exchange: HttpExchange, status: number, verdict: string, detail: string): void {
  const line = detail === '' ? verdict : `${verdict}: ${detail}`;
  exchange.respond(status, null, 'Content-Type: text/plain; charset=utf-8', `${line}\n`);
}
