/** One line of fetches, of which at most one is in flight. */
export class Lane {
  /** 0: nothing is in flight */
  fetchId = 0;
  server = -1;
  startedMs = 0;
  deadlineMs = Infinity;
  /** while a fetch is under way: when the adaptation wants to see how far it has come */
  lookMs = Infinity;
  /** while idle: when the lane wants to be looked at again */
  notBeforeMs = Infinity;
  /** failed fetches since the last that succeeded: what backing off grows with */
  failures = 0;

  begin(fetchId: number, server: number, nowMs: number, timeoutMs: number): void {
    this.fetchId = fetchId;
    this.server = server;
    this.startedMs = nowMs;
    this.deadlineMs = nowMs + timeoutMs;
    this.lookMs = Infinity;
  }

  settle(): void {
    this.fetchId = 0;
  }

  get nextWakeMs(): number {
    return this.fetchId === 0 ? this.notBeforeMs : Math.min(this.deadlineMs, this.lookMs);
  }
}

/** Where a segment's number stands, an init segment's fetch has this. */
export const INIT = -1;

/** The fetches of one medium. */
export class MediaLane extends Lane {
  /** index into the playback's media */
  readonly medium: number;
  /** index into the event's renditions, of the fetch in flight or the last one */
  rendition = -1;
  /** segment number, or INIT */
  number = INIT;
  /** failed fetches of the segment that is wanted now */
  retries = 0;
  readonly #initialised: boolean[] = [];

  constructor(medium: number) {
    super();
    this.medium = medium;
  }

  needsInit(rendition: number): boolean {
    return this.#initialised[rendition] !== true;
  }

  hasInit(rendition: number): void {
    this.#initialised[rendition] = true;
  }

  /** Ready for another segment, whenever that can be had. */
  clear(nowMs: number): void {
    this.retries = 0;
    this.notBeforeMs = nowMs;
  }
}
