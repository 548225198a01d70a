import type { LiveEvent } from '../../topology/model/event.ts';
import { expiresAtMs } from '../../topology/model/live-window.ts';
import { compareAnnouncement, flawOf } from './announcement.ts';
import { BodyLedger } from './body-ledger.ts';
import type { Candidate, OriginLimits, OriginSink, RefusalReason } from './contract.ts';
import type { Instant } from './instant.ts';
import { listingOf, type Listing } from './listing.ts';
import { describeDefects, INIT, slotOf, type Slot, type Track } from './segment-slot.ts';
import { hasLeft, isLiveEdge, isOver, standingOf } from './standing.ts';
import { judgeTime } from './timeliness.ts';
import { WaitingRoom } from './waiting-room.ts';

/** How long a refusal holds where the window does not say it. */
const GONE_LIFETIME_MS = 60_000;
const UNKNOWN_LIFETIME_MS = 1000;
const NOT_YET_LIFETIME_MS = 100;
const SHED_LIFETIME_MS = 5000;
const DVR_SHARE_OF_READS = 0.75;
const SWEEP_EVERY_MS = 1000;

interface EventEntry {
  event: LiveEvent;
  readonly tracks: Map<string, Track>;
}

/**
 * Decides what the live origin holds and answers (DESIGN §5, the live window): the first valid candidate of a segment
 * is published and stays; a read of one that is due waits for it, bounded; others learn how long their 404 or 410 holds.
 * Bodies are the shell's; here they are numbers and sizes.
 */
export class LiveOrigin {
  readonly #pipelines: readonly string[];
  readonly #limits: OriginLimits;
  readonly #sink: OriginSink;
  readonly #events = new Map<string, EventEntry>();
  readonly #ledger: BodyLedger;
  readonly #waiting: WaitingRoom;
  readonly #answering = new Set<number>();
  #nextSweepMs = Infinity;

  /** @param pipelines their names, in the fixed order in which defects are signalled */
  constructor(pipelines: readonly string[], limits: OriginLimits, sink: OriginSink) {
    this.#pipelines = pipelines;
    this.#limits = limits;
    this.#sink = sink;
    this.#ledger = new BodyLedger(limits.maxStoredBytes, (bodyId, cause) => sink.drop(bodyId, cause));
    this.#waiting = new WaitingRoom(limits.maxWaiters);
  }

  get storedBytes(): number {
    return this.#ledger.bytes;
  }

  get storedBodies(): number {
    return this.#ledger.bodies;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get answering(): number {
    return this.#answering.size;
  }

  get eventCount(): number {
    return this.#events.size;
  }

  event(eventId: string): LiveEvent | undefined {
    return this.#events.get(eventId)?.event;
  }

  /** @returns null when the event or rendition is unknown, or nothing of it can be listed */
  listing(eventId: string, renditionId: string, at: Instant): Listing | null {
    const entry = this.#events.get(eventId);
    const track = entry?.tracks.get(renditionId);
    return entry && track ? listingOf(entry.event, track, at.wallMs) : null;
  }

  /** An event document has come. */
  announce(ingestId: number, event: LiveEvent, at: Instant): void {
    const flaw = flawOf(event, this.#limits.maxDvrWindowMs);
    if (flaw !== null) {
      this.#sink.rejected(ingestId, 'bad-event', flaw);
      return;
    }
    const entry = this.#events.get(event.id);
    const verdict = compareAnnouncement(entry?.event, event, newestPublished(entry));
    if (verdict.kind === 'conflict') {
      this.#sink.rejected(ingestId, 'conflict', verdict.reason);
    } else if (entry === undefined && !this.#makeRoomForEvent(at)) {
      this.#sink.rejected(ingestId, 'too-many-events', `this origin carries ${this.#limits.maxEvents} at most`);
    } else {
      if (entry === undefined) this.#create(event);
      else if (verdict.kind === 'updated') this.#update(entry, event);
      this.#sink.taken(ingestId, verdict.kind);
    }
  }

  /** A candidate's body is complete, or has turned out defective. */
  offer(candidate: Candidate, at: Instant): void {
    const { bodyId, eventId, renditionId, number } = candidate;
    const entry = this.#events.get(eventId);
    const track = entry?.tracks.get(renditionId);
    if (!entry || !track) {
      if (entry) this.#sink.rejected(bodyId, 'unknown-rendition', `the event has no rendition ${renditionId}`);
      else this.#sink.rejected(bodyId, 'unknown-event', `PUT ${eventId}/event.json first`);
      return;
    }
    const known = track.slots.get(number);
    const published = known?.state === 'published';
    const untimely = published ? null : judgeTime(entry.event, known, number, at.wallMs);
    if (candidate.defect !== null) {
      if (untimely === null) this.#slot(track, number, at).defects.set(candidate.pipeline, candidate.defect);
      this.#sink.rejected(bodyId, candidate.defect, '');
    } else if (untimely !== null) {
      this.#sink.rejected(bodyId, untimely.reason, untimely.detail);
    } else if (published) {
      this.#sink.taken(bodyId, 'spare');
    } else if (!this.#ledger.makeRoom(candidate.sizeBytes)) {
      this.#sink.rejected(bodyId, 'no-room', `${candidate.sizeBytes} bytes are more than this origin can store`);
    } else {
      this.#publish(entry.event, track, candidate, at);
    }
  }

  /** Somebody asks for a segment, or with INIT for the init segment. One `serve` or `refuse` answers, unless released first. */
  read(readId: number, eventId: string, renditionId: string, number: number, at: Instant): void {
    const entry = this.#events.get(eventId);
    const track = entry?.tracks.get(renditionId);
    if (!entry || !track) {
      this.#refuse(readId, 404, entry ? 'unknown-rendition' : 'unknown-event', UNKNOWN_LIFETIME_MS);
      return;
    }
    const { event } = entry;
    const slot = track.slots.get(number);
    if (slot?.state === 'published' && !hasLeft(event, number, at.wallMs)) this.#serveIfRoom(readId, event, slot, at);
    else if (slot?.state === 'evicted') this.#refuse(readId, 410, 'evicted', GONE_LIFETIME_MS);
    else if (number === INIT) this.#readMissingInit(readId, event, track, at);
    else this.#readUnpublished(readId, event, track, number, at);
  }

  /** A read is over: its answer has been sent, or its client has gone before or during it. */
  release(readId: number): void {
    this.#answering.delete(readId);
    this.#waiting.leave(readId);
  }

  wake(at: Instant): void {
    for (const slot of this.#waiting.overdue(at.nowMs)) this.#dismiss(slot, 404, 'not-yet', NOT_YET_LIFETIME_MS);
    if (at.nowMs >= this.#nextSweepMs) this.#sweep(at);
  }

  /** Monotonic; Infinity when nothing is to be done unless something happens. */
  nextWake(): number {
    return Math.min(this.#nextSweepMs, this.#waiting.nextDeadlineMs());
  }

  #create(event: LiveEvent): void {
    const tracks = new Map<string, Track>();
    for (const { id } of event.renditions) tracks.set(id, { slots: new Map(), newestPublished: -1 });
    this.#events.set(event.id, { event, tracks });
  }

  #update(entry: EventEntry, event: LiveEvent): void {
    entry.event = event;
    const endNumber = event.endNumber ?? Infinity;
    for (const track of entry.tracks.values()) {
      for (const slot of track.slots.values()) {
        if (slot.number > endNumber) this.#dismiss(slot, 410, 'gone', GONE_LIFETIME_MS);
      }
    }
  }

  #publish(event: LiveEvent, track: Track, candidate: Candidate, at: Instant): void {
    const slot = this.#slot(track, candidate.number, at);
    this.#ledger.store(candidate.bodyId, candidate.sizeBytes, slot);
    track.newestPublished = Math.max(track.newestPublished, candidate.number);
    this.#sink.taken(candidate.bodyId, 'published');
    // No shedding here: they were admitted when they began to wait, and wait at the live edge.
    for (const readId of this.#waiting.empty(slot)) this.#serve(readId, event, slot, at);
  }

  #readMissingInit(readId: number, event: LiveEvent, track: Track, at: Instant): void {
    if (isOver(event, at.wallMs)) this.#refuse(readId, 410, 'gone', GONE_LIFETIME_MS);
    else this.#hold(readId, track, INIT, event.segmentDurationMs, at);
  }

  #readUnpublished(readId: number, event: LiveEvent, track: Track, number: number, at: Instant): void {
    const standing = standingOf(event, number, track.newestPublished, at.wallMs);
    switch (standing.kind) {
      case 'due':
        this.#hold(readId, track, number, standing.deadlineMs - at.wallMs, at);
        break;
      case 'too-early':
        this.#refuse(readId, 404, 'too-early', standing.untilMs - at.wallMs);
        break;
      case 'never-produced': {
        const detail = describeDefects(track.slots.get(number), this.#pipelines);
        this.#refuse(readId, 410, 'never-produced', GONE_LIFETIME_MS, detail);
        break;
      }
      case 'gone':
        this.#refuse(readId, 410, 'gone', GONE_LIFETIME_MS);
        break;
    }
  }

  #hold(readId: number, track: Track, number: number, boundMs: number, at: Instant): void {
    if (this.#waiting.isFull) {
      this.#refuse(readId, 503, 'too-many-waiters', SHED_LIFETIME_MS);
      return;
    }
    this.#waiting.enter(readId, this.#slot(track, number, at), at.nowMs + boundMs);
    this.#sink.wait(readId);
  }

  /** The live edge beats DVR reads, told apart by the template alone. */
  #serveIfRoom(readId: number, event: LiveEvent, slot: Slot, at: Instant): void {
    const liveEdge = slot.number === INIT || isLiveEdge(event, slot.number, at.wallMs);
    const room = this.#limits.maxReads * (liveEdge ? 1 : DVR_SHARE_OF_READS);
    if (this.#answering.size >= room) this.#refuse(readId, 503, 'shed', SHED_LIFETIME_MS);
    else this.#serve(readId, event, slot, at);
  }

  #serve(readId: number, event: LiveEvent, slot: Slot, at: Instant): void {
    this.#answering.add(readId);
    const lifetimeMs = slot.number === INIT ? event.dvrWindowMs : expiresAtMs(event, slot.number) - at.wallMs;
    this.#sink.serve(readId, slot.bodyId, Math.max(0, lifetimeMs));
  }

  #refuse(readId: number, status: 404 | 410 | 503, reason: RefusalReason, lifetimeMs: number, detail = ''): void {
    this.#sink.refuse(readId, { status, reason, lifetimeMs, detail });
  }

  #dismiss(slot: Slot, status: 404 | 410, reason: RefusalReason, lifetimeMs: number): void {
    for (const readId of this.#waiting.empty(slot)) this.#refuse(readId, status, reason, lifetimeMs);
  }

  #makeRoomForEvent(at: Instant): boolean {
    if (this.#events.size < this.#limits.maxEvents) return true;
    for (const [eventId, entry] of this.#events) {
      if (!isOver(entry.event, at.wallMs)) continue;
      this.#sweepEvent(entry, at);
      this.#events.delete(eventId);
      return true;
    }
    return false;
  }

  /** Opens the slot if need be; whatever is opened is swept one day. */
  #slot(track: Track, number: number, at: Instant): Slot {
    if (this.#nextSweepMs === Infinity) this.#nextSweepMs = at.nowMs + SWEEP_EVERY_MS;
    return slotOf(track, number);
  }

  #sweep(at: Instant): void {
    let kept = 0;
    for (const entry of this.#events.values()) kept += this.#sweepEvent(entry, at);
    this.#nextSweepMs = kept > 0 ? at.nowMs + SWEEP_EVERY_MS : Infinity;
  }

  /** Forgets the slots that have left the DVR window. @returns how many are left */
  #sweepEvent({ event, tracks }: EventEntry, at: Instant): number {
    let kept = 0;
    for (const { slots } of tracks.values()) {
      for (const slot of slots.values()) {
        if (!hasLeft(event, slot.number, at.wallMs)) {
          kept++;
          continue;
        }
        this.#dismiss(slot, 410, 'gone', GONE_LIFETIME_MS);
        if (slot.state === 'published') this.#ledger.drop(slot.bodyId, 'expired');
        slots.delete(slot.number);
      }
    }
    return kept;
  }
}

function newestPublished(entry: EventEntry | undefined): number {
  return entry ? Math.max(...[...entry.tracks.values()].map((track) => track.newestPublished)) : -1;
}
