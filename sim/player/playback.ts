/** What of an event's arithmetic playback needs. */
export interface PlaybackTiming {
  segmentDurationMs: number;
  startNumber: number;
  endNumber?: number | undefined;
}

/** Below this, a late arrival is rounding, not a stall. */
const ROUNDING_MS = 1e-3;

/**
 * The media element: a buffer of whole segments for each medium, and a playhead that moves in real time while every
 * medium has something to play. Positions are milliseconds of media time (since the event's availabilityStartMs), which
 * is also when the camera saw them.
 *
 * Nothing here needs waking: a stall is found when time is next advanced, and dated when the buffer ran dry.
 */
export class Playback {
  phase: 'starting' | 'playing' | 'stalled' | 'paused' | 'ended' = 'starting';
  positionMs = 0;
  playedMs = 0;
  stallCount = 0;
  gapCount = 0;
  /** monotonic, when something was first played; negative before */
  firstPlayedMs = -1;

  #timing: PlaybackTiming;
  /** by medium, the first segment that is not buffered */
  readonly #next: number[];
  readonly #startBufferMs: number;
  readonly #resumeBufferMs: number;
  /** segments to jump over, ascending, none behind the playhead */
  readonly #gaps: number[] = [];
  /** bitrate at the playhead, and where it changes further on: [segment number, bits/s] */
  #bitrateBps = 0;
  readonly #changes: [number: number, bitrateBps: number][] = [];
  #lastBitrateBps = 0;
  /** media time where the least buffered medium ends, and where playback next has to stop: there, or at a gap */
  #dryMs = 0;
  #stopMs = 0;
  #atMs: number;
  #stalledSinceMs = 0;
  #stallMs = 0;
  #pausedSinceMs = 0;
  #pausedMs = 0;
  #bitrateTime = 0;
  #latencyTime = 0;

  constructor(timing: PlaybackTiming, media: number, bufferSegments: { start: number; resume: number }, nowMs: number) {
    this.#timing = timing;
    this.#startBufferMs = bufferSegments.start * timing.segmentDurationMs;
    this.#resumeBufferMs = bufferSegments.resume * timing.segmentDurationMs;
    this.#next = Array.from({ length: media }, () => timing.startNumber);
    this.#atMs = nowMs;
  }

  /** The event's end became known. */
  retime(timing: PlaybackTiming, nowMs: number): void {
    this.#timing = timing;
    this.#playIfEnough(nowMs);
  }

  /** Moves the playhead on. Outside of what is buffered everything is forgotten, and a player that played has stalled. */
  seek(positionMs: number, nowMs: number): void {
    const buffered = positionMs < this.#dryMs;
    const number = this.#numberAt(positionMs);
    this.positionMs = positionMs;
    if (buffered) {
      this.#jumpGaps();
      while (this.#changes.length > 0 && this.#changes[0]![0] <= number) this.#bitrateBps = this.#changes.shift()![1];
      return;
    }
    this.#next.fill(number);
    this.#gaps.length = 0;
    this.#bufferChanged();
    this.#changes.length = 0;
    this.#bitrateBps = this.#lastBitrateBps = 0;
    if (this.phase === 'playing') this.#stall(nowMs);
    this.#playIfEnough(nowMs);
  }

  /** The segment to fetch next for a medium. */
  nextNumber(medium: number): number {
    return this.#next[medium]!;
  }

  /** Playable media ahead of the playhead, without gaps. Never negative. */
  bufferMs(medium: number): number {
    const next = this.#next[medium]!;
    let gapMs = 0;
    if (this.#gaps.length > 0) for (const gap of this.#gaps) if (gap < next) gapMs += this.#timing.segmentDurationMs;
    return Math.max(0, this.#startOf(next) - this.positionMs - gapMs);
  }

  /** From the playhead to the end of what has come, in the medium that has least; below 0 the playhead would have overtaken it. */
  aheadMs(): number {
    return this.#dryMs - this.positionMs;
  }

  /** What every medium has ahead. */
  leastBufferMs(): number {
    let least = Infinity;
    for (let medium = 0; medium < this.#next.length; medium++) least = Math.min(least, this.bufferMs(medium));
    return least;
  }

  stallMs(nowMs: number): number {
    return this.#stallMs + (this.phase === 'stalled' ? nowMs - this.#stalledSinceMs : 0);
  }

  pausedMs(nowMs: number): number {
    return this.#pausedMs + (this.phase === 'paused' ? nowMs - this.#pausedSinceMs : 0);
  }

  /**
   * Monotonic: since when the picture stands still against the viewer's will, or from when on it will if nothing more
   * comes. Infinity where it never will; -Infinity before it has moved.
   */
  stillSinceMs(): number {
    if (this.phase === 'starting') return -Infinity;
    if (this.phase === 'stalled') return this.#stalledSinceMs;
    return this.phase === 'playing' && !this.isComplete() ? this.#atMs + this.leastBufferMs() : Infinity;
  }

  /** The playhead stands, and buffers go on filling. Time paused is neither played nor stalled. */
  pause(nowMs: number): void {
    if (this.phase === 'paused' || this.phase === 'ended') return;
    this.#stallMs = this.stallMs(nowMs);
    this.#pausedSinceMs = nowMs;
    this.phase = 'paused';
  }

  /** From where it stood; with nothing buffered there it has stalled. */
  resume(nowMs: number): void {
    if (this.phase !== 'paused') return;
    this.#pausedMs = this.pausedMs(nowMs);
    if (this.firstPlayedMs < 0) this.phase = 'starting';
    else if (this.#isAtEnd()) this.phase = 'ended';
    else if (this.leastBufferMs() > 0) this.phase = 'playing';
    else this.#stall(nowMs);
    this.#playIfEnough(nowMs);
  }

  get meanBitrateBps(): number | null {
    return this.playedMs > 0 ? this.#bitrateTime / this.playedMs : null;
  }

  get meanLatencyMs(): number | null {
    return this.playedMs > 0 ? this.#latencyTime / this.playedMs : null;
  }

  /** @param clockMs the wall clock in media time: what the camera sees now */
  advance(nowMs: number, clockMs: number): void {
    let leftMs = nowMs - this.#atMs;
    this.#atMs = nowMs;
    if (this.phase !== 'playing' || leftMs <= 0) return;
    let latencyMs = clockMs - leftMs - this.positionMs;
    for (;;) {
      const stopMs = this.#stopMs;
      if (this.positionMs + leftMs < stopMs) {
        this.#play(this.positionMs + leftMs, latencyMs);
        return;
      }
      leftMs -= stopMs - this.positionMs;
      this.#play(stopMs, latencyMs);
      if (this.#gaps.length === 0 || this.#startOf(this.#gaps[0]!) !== stopMs) break;
      this.#jumpGaps();
      latencyMs -= this.positionMs - stopMs;
    }
    if (this.#isAtEnd()) this.phase = 'ended';
    else if (leftMs > ROUNDING_MS) this.#stall(nowMs - leftMs);
  }

  /** A whole segment has arrived. Anything but the next one is ignored. @returns whether it was buffered */
  append(medium: number, number: number, bitrateBps: number, nowMs: number): boolean {
    if (number !== this.#next[medium]) return false;
    this.#next[medium] = number + 1;
    if (this.#gaps.length > 0) this.#passGaps();
    this.#bufferChanged();
    if (medium === 0 && bitrateBps !== this.#lastBitrateBps) {
      if (this.#lastBitrateBps === 0) this.#bitrateBps = bitrateBps;
      else this.#changes.push([number, bitrateBps]);
      this.#lastBitrateBps = bitrateBps;
    }
    this.#playIfEnough(nowMs);
    return true;
  }

  /** The segment cannot be had, in this medium and so in all: playback will jump over it. */
  skip(number: number, nowMs: number): void {
    if (number < this.#numberAt(this.positionMs) || this.#gaps.includes(number)) return;
    this.gapCount++;
    this.#gaps.push(number);
    this.#gaps.sort((a, b) => a - b);
    this.#passGaps();
    this.#bufferChanged();
    if (this.phase !== 'playing') this.#jumpGaps();
    this.#playIfEnough(nowMs);
  }

  /** Everything the event will ever have is buffered or played. */
  isComplete(): boolean {
    const { endNumber } = this.#timing;
    return endNumber !== undefined && this.#next.every((next) => next > endNumber);
  }

  #playIfEnough(nowMs: number): void {
    if (this.phase !== 'starting' && this.phase !== 'stalled') return;
    const wantedMs = this.phase === 'starting' ? this.#startBufferMs : this.#resumeBufferMs;
    if (this.#isAtEnd()) this.#begin('ended', nowMs);
    else if (this.leastBufferMs() >= wantedMs || this.isComplete()) this.#begin('playing', nowMs);
  }

  #begin(phase: 'playing' | 'ended', nowMs: number): void {
    this.#stallMs = this.stallMs(nowMs);
    this.phase = phase;
    if (phase === 'playing' && this.firstPlayedMs < 0) this.firstPlayedMs = nowMs;
  }

  #stall(sinceMs: number): void {
    this.phase = 'stalled';
    this.stallCount++;
    this.#stalledSinceMs = sinceMs;
  }

  #isAtEnd(): boolean {
    return this.isComplete() && this.positionMs >= this.#startOf(this.#timing.endNumber! + 1);
  }

  /** After any change of what is buffered and of the gaps. */
  #bufferChanged(): void {
    let next = Infinity;
    for (let medium = 0; medium < this.#next.length; medium++) next = Math.min(next, this.#next[medium]!);
    this.#dryMs = this.#startOf(next);
    this.#stopMs = this.#gaps.length > 0 ? Math.min(this.#dryMs, this.#startOf(this.#gaps[0]!)) : this.#dryMs;
  }

  #play(untilMs: number, latencyMs: number): void {
    const playedMs = untilMs - this.positionMs;
    this.playedMs += playedMs;
    this.#latencyTime += latencyMs * playedMs;
    while (this.#changes.length > 0 && this.#startOf(this.#changes[0]![0]) < untilMs) {
      const [number, bitrateBps] = this.#changes.shift()!;
      const changeMs = Math.max(this.positionMs, this.#startOf(number));
      this.#bitrateTime += this.#bitrateBps * (changeMs - this.positionMs);
      this.positionMs = changeMs;
      this.#bitrateBps = bitrateBps;
    }
    this.#bitrateTime += this.#bitrateBps * (untilMs - this.positionMs);
    this.positionMs = untilMs;
  }

  /** Past the gaps that the playhead has come to. */
  #jumpGaps(): void {
    while (this.#gaps.length > 0 && this.#startOf(this.#gaps[0]!) <= this.positionMs) {
      this.positionMs = Math.max(this.positionMs, this.#startOf(this.#gaps.shift()! + 1));
      this.#bufferChanged();
    }
  }

  /** A gap is nothing to fetch: a medium that has come to one stands behind it. */
  #passGaps(): void {
    for (let medium = 0; medium < this.#next.length; medium++) {
      while (this.#gaps.includes(this.#next[medium]!)) this.#next[medium]!++;
    }
  }

  #startOf(number: number): number {
    return (number - this.#timing.startNumber) * this.#timing.segmentDurationMs;
  }

  #numberAt(positionMs: number): number {
    return this.#timing.startNumber + Math.floor(positionMs / this.#timing.segmentDurationMs);
  }
}
