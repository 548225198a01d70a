import type { LiveEvent } from '../../topology/model/event.ts';
import { availableAtMs, newestNumber } from '../../topology/model/live-window.ts';
import type { Log } from '../../runtime/log.ts';
import { corrupted, stalling, type FaultKind } from './fault.ts';
import { IngestClient, type PutOutcome } from './ingest-client.ts';
import { loadLoop, segmentBytes, type LoopRendition } from './loop.ts';
import { systemClock, type WallClock } from './wall-clock.ts';

export interface TestStreamOptions {
  /** scheme, host and port of the origin's ingest */
  origin: string;
  pipeline: string;
  /** as testStreamEvent makes it */
  event: LiveEvent;
  log: Log;
  clock?: WallClock;
}

/** Media segments, each rendition counted for itself. */
export interface TestStreamCounts {
  /** the origin took them, or had them already */
  published: number;
  /** the origin would not have them */
  refused: number;
  /** not delivered within their time */
  lost: number;
  /** not sent, because of the fault `missing` */
  withheld: number;
  /** never begun, because this process was held up past their time */
  overslept: number;
}

/** Attempts come after 100, 200, 400, 800 ms: that is the time a segment has. */
const ATTEMPTS_MAX = 5;
const FIRST_PAUSE_MS = 100;

/** Publishes from now on until it is closed. @throws Error when the event is not one of the loop's */
export function startTestStream(options: TestStreamOptions): TestStream {
  return new TestStream(options);
}

/**
 * One pipeline: sends each segment of the endless stream at the moment it is complete by the wall clock, and gives it up
 * a segment duration later, which is the origin's retry deadline. So at most two segments are in hand at any time.
 */
export class TestStream {
  readonly counts: TestStreamCounts = { published: 0, refused: 0, lost: 0, withheld: 0, overslept: 0 };
  /** Resolves when publishing is over: null after close(), else why the origin will not carry this event. */
  readonly ended: Promise<string | null>;
  readonly #event: LiveEvent;
  readonly #renditions: readonly LoopRendition[];
  readonly #client: IngestClient;
  readonly #clock: WallClock;
  readonly #log: Log;
  /** one for each thing being waited for, so that close() can end them all */
  readonly #bounds = new Set<AbortController>();
  #fault: FaultKind | null = null;
  #announced = false;
  /** why the last attempt to announce the event failed */
  #announceProblem = '';
  #refusal: string | null = null;
  #closed = false;
  /** segments of all renditions lost since the origin stopped taking them; null while it does */
  #lostInOutage: number | null = null;

  constructor({ origin, pipeline, event, log, clock = systemClock }: TestStreamOptions) {
    this.#event = event;
    this.#renditions = renditionsOf(event);
    this.#client = new IngestClient(origin, pipeline, event.id);
    this.#clock = clock;
    this.#log = log.child({ pipeline, event: event.id });
    this.ended = this.#run();
  }

  /** Takes effect with the next segment; null ends the fault. */
  setFault(kind: FaultKind | null): void {
    this.#fault = kind;
    this.#log.info({ fault: kind }, 'fault set');
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#stop();
    await this.ended;
  }

  async #run(): Promise<string | null> {
    const event = this.#event;
    let number = Math.max(event.startNumber, newestNumber(event, this.#clock.wallMs()) + 1);
    const publishing = new Set<Promise<void>>();
    const announcedByMs = Math.min(this.#clock.wallMs() + event.segmentDurationMs, availableAtMs(event, number));
    await this.#within(announcedByMs, (signal) => this.#announce(signal));
    while (!this.#closed) {
      await this.#within(Infinity, (signal) => this.#clock.sleepUntil(availableAtMs(event, number), signal));
      if (this.#closed) break;
      number = this.#skipOverslept(number);
      const segment = this.#publish(number);
      publishing.add(segment);
      void segment.finally(() => publishing.delete(segment));
      number++;
    }
    await Promise.all(publishing);
    this.#client.close();
    return this.#refusal;
  }

  /** After a pause of the process the newest segment is the one to send: those before it are past their time. */
  #skipOverslept(number: number): number {
    const newest = Math.max(number, newestNumber(this.#event, this.#clock.wallMs()));
    this.counts.overslept += (newest - number) * this.#renditions.length;
    return newest;
  }

  async #publish(number: number): Promise<void> {
    const fault = this.#fault;
    if (fault === 'missing') {
      this.counts.withheld += this.#renditions.length;
      return;
    }
    const giveUpMs = availableAtMs(this.#event, number) + this.#event.segmentDurationMs;
    const outcomes = await this.#within(giveUpMs, (signal) => this.#deliver(number, fault, signal));
    if (this.#closed) return;
    for (const { kind } of outcomes) this.counts[COUNTED_AS[kind]]++;
    this.#noteOutage(number, outcomes);
  }

  /** @returns what became of the segment in each rendition, after as many attempts as its time allows */
  async #deliver(number: number, fault: FaultKind | null, signal: AbortSignal): Promise<PutOutcome[]> {
    const outcomes = this.#renditions.map((): PutOutcome => ({ kind: 'failed', detail: '' }));
    for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt++, pauseMs *= 2) {
      if (this.#announced || (await this.#announce(signal))) {
        await Promise.all(
          this.#renditions.map(async (rendition, index) => {
            if (outcomes[index]!.kind === 'failed') {
              outcomes[index] = await this.#put(rendition, number, fault, signal);
            }
          }),
        );
      } else {
        for (const outcome of outcomes) {
          if (outcome.kind === 'failed') outcome.detail = `the event is not announced: ${this.#announceProblem}`;
        }
      }
      if (outcomes.every(({ kind }) => kind !== 'failed')) return outcomes;
      // An origin that has been away may have come back without memory.
      this.#announced = false;
      if (attempt === ATTEMPTS_MAX || fault === 'stall') return outcomes;
      await this.#clock.sleepUntil(this.#clock.wallMs() + pauseMs, signal);
      if (signal.aborted) return outcomes;
    }
  }

  #put(rendition: LoopRendition, number: number, fault: FaultKind | null, signal: AbortSignal): Promise<PutOutcome> {
    const bytes = segmentBytes(rendition, this.#event, number);
    const sent = fault === 'corrupt' ? corrupted(bytes) : fault === 'stall' ? stalling(bytes) : bytes;
    return this.#client.put(`${rendition.id}/${number}.m4s`, mediaType(rendition), bytes, signal, sent);
  }

  /** Sends the event's document, then its init segments. An origin that has them takes them again. */
  async #announce(signal: AbortSignal): Promise<boolean> {
    const document = Buffer.from(JSON.stringify(this.#event));
    const answer = await this.#client.put('event.json', 'application/json', document, signal);
    if (answer.kind === 'refused') {
      this.#refusal = answer.detail;
      this.#stop();
    }
    if (answer.kind !== 'accepted') {
      this.#announceProblem = answer.detail;
      return false;
    }
    const inits = await Promise.all(
      this.#renditions.map((rendition) =>
        this.#client.put(`${rendition.id}/init.mp4`, mediaType(rendition), rendition.init, signal),
      ),
    );
    const missing = inits.find((outcome) => outcome.kind !== 'accepted');
    this.#announced = missing === undefined;
    if (missing !== undefined) this.#announceProblem = missing.detail;
    return this.#announced;
  }

  /** Says once that an outage has begun, and once that it is over. */
  #noteOutage(number: number, outcomes: readonly PutOutcome[]): void {
    const undelivered = outcomes.filter((outcome) => outcome.kind !== 'accepted');
    if (undelivered.length > 0) {
      if (this.#lostInOutage === null)
        this.#log.warn({ number, cause: undelivered[0]!.detail }, 'segments are not taken');
      this.#lostInOutage = (this.#lostInOutage ?? 0) + undelivered.length;
    } else if (this.#lostInOutage !== null) {
      this.#log.info({ number, lost: this.#lostInOutage }, 'segments are taken again');
      this.#lostInOutage = null;
    }
  }

  /** Runs `work` with a signal that aborts at `wallMs`, or when the stream is stopped. */
  async #within<T>(wallMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const bound = new AbortController();
    this.#bounds.add(bound);
    if (this.#closed) bound.abort();
    if (wallMs !== Infinity) void this.#clock.sleepUntil(wallMs, bound.signal).then(() => bound.abort());
    try {
      return await work(bound.signal);
    } finally {
      this.#bounds.delete(bound);
      bound.abort();
    }
  }

  #stop(): void {
    this.#closed = true;
    for (const bound of this.#bounds) bound.abort();
  }
}

const COUNTED_AS = { accepted: 'published', refused: 'refused', failed: 'lost' } as const;

function mediaType(rendition: LoopRendition): 'video/mp4' | 'audio/mp4' {
  return `${rendition.kind}/mp4`;
}

function renditionsOf(event: LiveEvent): LoopRendition[] {
  const loop = loadLoop();
  if (event.segmentDurationMs !== loop.segmentDurationMs) {
    throw new Error(
      `event ${event.id} has segments of ${event.segmentDurationMs} ms, the loop of ${loop.segmentDurationMs} ms`,
    );
  }
  return event.renditions.map(({ id }) => {
    const rendition = loop.renditions.find((candidate) => candidate.id === id);
    if (rendition === undefined) throw new Error(`event ${event.id}: the loop has no rendition ${id}`);
    return rendition;
  });
}
