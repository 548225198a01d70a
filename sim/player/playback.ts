import {
  AT_MS,
  BITRATE_BPS,
  BITRATE_TIME,
  CHANGES,
  DRY_MS,
  FIRST_PLAYED_MS,
  GAP_COUNT,
  GAPS,
  LAST_BITRATE_BPS,
  LATENCY_TIME,
  MEDIA,
  NEXT,
  PAUSED_MS,
  PAUSED_SINCE_MS,
  PHASE,
  PLAYBACK_NUMBERS,
  PLAYED_MS,
  type PlayerRows,
  POSITION_MS,
  RESUME_BUFFER_MS,
  STALL_COUNT,
  STALL_MS,
  STALLED_SINCE_MS,
  START_BUFFER_MS,
  STOP_MS,
} from './player-rows.ts';

/** What of an event's arithmetic playback needs. */
export interface PlaybackTiming {
  segmentDurationMs: number;
  startNumber: number;
  endNumber?: number | undefined;
}

const PHASES = ['starting', 'playing', 'stalled', 'paused', 'ended'] as const;
export type PlaybackPhase = (typeof PHASES)[number];
const STARTING = 0;
const PLAYING = 1;
const STALLED = 2;
const PAUSED = 3;
const ENDED = 4;

/** Below this, a late arrival is rounding, not a stall. */
const ROUNDING_MS = 1e-3;

/**
 * The media element: a buffer of whole segments for each medium, and a playhead that moves in real time while every
 * medium has something to play. Positions are milliseconds of media time (since the event's availabilityStartMs), which
 * is also when the camera saw them.
 *
 * Nothing here needs waking: a stall is found when time is next advanced, and dated when the buffer ran dry.
 *
 * One object plays for all players of its rows, each from its `begin` on.
 */
export class Playback {
  readonly #rows: PlayerRows;
  /** by player */
  readonly #timings: PlaybackTiming[] = [];
  /** segments to jump over, ascending, none behind the playhead; as many as the row says */
  readonly #gapLists: number[][] = [];
  /** where the bitrate changes further on: [segment number, bits/s]; as many as the row says */
  readonly #changeLists: [number: number, bitrateBps: number][][] = [];

  constructor(rows: PlayerRows) {
    this.#rows = rows;
  }

  /** Of a player that has just learned of the event. */
  begin(timing: PlaybackTiming, media: number, bufferSegments: { start: number; resume: number }, nowMs: number): void {
    const { numbers, at, player } = this.#rows;
    this.#timings[player] = timing;
    this.#gapLists[player] = [];
    this.#changeLists[player] = [];
    numbers.fill(0, at + PHASE, at + PHASE + PLAYBACK_NUMBERS);
    numbers[at + START_BUFFER_MS] = bufferSegments.start * timing.segmentDurationMs;
    numbers[at + RESUME_BUFFER_MS] = bufferSegments.resume * timing.segmentDurationMs;
    numbers[at + MEDIA] = media;
    for (let medium = 0; medium < media; medium++) numbers[at + NEXT + medium] = timing.startNumber;
    numbers[at + FIRST_PLAYED_MS] = -1;
    numbers[at + AT_MS] = nowMs;
  }

  get phase(): PlaybackPhase {
    return PHASES[this.#rows.numbers[this.#rows.at + PHASE]!]!;
  }

  get positionMs(): number {
    return this.#rows.numbers[this.#rows.at + POSITION_MS]!;
  }

  get playedMs(): number {
    return this.#rows.numbers[this.#rows.at + PLAYED_MS]!;
  }

  get stallCount(): number {
    return this.#rows.numbers[this.#rows.at + STALL_COUNT]!;
  }

  get gapCount(): number {
    return this.#rows.numbers[this.#rows.at + GAP_COUNT]!;
  }

  /** monotonic, when something was first played; negative before */
  get firstPlayedMs(): number {
    return this.#rows.numbers[this.#rows.at + FIRST_PLAYED_MS]!;
  }

  /** The event's end became known. */
  retime(timing: PlaybackTiming, nowMs: number): void {
    this.#timings[this.#rows.player] = timing;
    this.#playIfEnough(nowMs);
  }

  /** Moves the playhead on. Outside of what is buffered everything is forgotten, and a player that played has stalled. */
  seek(positionMs: number, nowMs: number): void {
    const { numbers, at } = this.#rows;
    const buffered = positionMs < numbers[at + DRY_MS]!;
    const number = this.#numberAt(positionMs);
    numbers[at + POSITION_MS] = positionMs;
    if (buffered) {
      this.#jumpGaps();
      while (numbers[at + CHANGES]! > 0 && this.#nextChange()[0] <= number) {
        numbers[at + BITRATE_BPS] = this.#takeChange()[1];
      }
      return;
    }
    numbers.fill(number, at + NEXT, at + NEXT + numbers[at + MEDIA]!);
    this.#gaps().length = 0;
    numbers[at + GAPS] = 0;
    this.#bufferChanged();
    this.#changes().length = 0;
    numbers[at + CHANGES] = 0;
    numbers[at + BITRATE_BPS] = numbers[at + LAST_BITRATE_BPS] = 0;
    if (numbers[at + PHASE] === PLAYING) this.#stall(nowMs);
    this.#playIfEnough(nowMs);
  }

  /** The segment to fetch next for a medium. */
  nextNumber(medium: number): number {
    return this.#rows.numbers[this.#rows.at + NEXT + medium]!;
  }

  /** Playable media ahead of the playhead, without gaps. Never negative. */
  bufferMs(medium: number): number {
    const { numbers, at } = this.#rows;
    const next = numbers[at + NEXT + medium]!;
    let gapMs = 0;
    if (numbers[at + GAPS]! > 0) for (const gap of this.#gaps()) if (gap < next) gapMs += this.#segmentMs();
    return Math.max(0, this.#startOf(next) - numbers[at + POSITION_MS]! - gapMs);
  }

  /** From the playhead to the end of what has come, in the medium that has least; below 0 the playhead would have overtaken it. */
  aheadMs(): number {
    const { numbers, at } = this.#rows;
    return numbers[at + DRY_MS]! - numbers[at + POSITION_MS]!;
  }

  /** What every medium has ahead. */
  leastBufferMs(): number {
    const media = this.#rows.numbers[this.#rows.at + MEDIA]!;
    let least = Infinity;
    for (let medium = 0; medium < media; medium++) least = Math.min(least, this.bufferMs(medium));
    return least;
  }

  stallMs(nowMs: number): number {
    const { numbers, at } = this.#rows;
    return numbers[at + STALL_MS]! + (numbers[at + PHASE] === STALLED ? nowMs - numbers[at + STALLED_SINCE_MS]! : 0);
  }

  pausedMs(nowMs: number): number {
    const { numbers, at } = this.#rows;
    return numbers[at + PAUSED_MS]! + (numbers[at + PHASE] === PAUSED ? nowMs - numbers[at + PAUSED_SINCE_MS]! : 0);
  }

  /**
   * Monotonic: since when the picture stands still against the viewer's will, or from when on it will if nothing more
   * comes. Infinity where it never will; -Infinity before it has moved.
   */
  stillSinceMs(): number {
    const { numbers, at } = this.#rows;
    const phase = numbers[at + PHASE];
    if (phase === STARTING) return -Infinity;
    if (phase === STALLED) return numbers[at + STALLED_SINCE_MS]!;
    return phase === PLAYING && !this.isComplete() ? numbers[at + AT_MS]! + this.leastBufferMs() : Infinity;
  }

  /** The playhead stands, and buffers go on filling. Time paused is neither played nor stalled. */
  pause(nowMs: number): void {
    const { numbers, at } = this.#rows;
    const phase = numbers[at + PHASE];
    if (phase === PAUSED || phase === ENDED) return;
    numbers[at + STALL_MS] = this.stallMs(nowMs);
    numbers[at + PAUSED_SINCE_MS] = nowMs;
    numbers[at + PHASE] = PAUSED;
  }

  /** From where it stood; with nothing buffered there it has stalled. */
  resume(nowMs: number): void {
    const { numbers, at } = this.#rows;
    if (numbers[at + PHASE] !== PAUSED) return;
    numbers[at + PAUSED_MS] = this.pausedMs(nowMs);
    if (numbers[at + FIRST_PLAYED_MS]! < 0) numbers[at + PHASE] = STARTING;
    else if (this.#isAtEnd()) numbers[at + PHASE] = ENDED;
    else if (this.leastBufferMs() > 0) numbers[at + PHASE] = PLAYING;
    else this.#stall(nowMs);
    this.#playIfEnough(nowMs);
  }

  get meanBitrateBps(): number | null {
    return this.playedMs > 0 ? this.#rows.numbers[this.#rows.at + BITRATE_TIME]! / this.playedMs : null;
  }

  get meanLatencyMs(): number | null {
    return this.playedMs > 0 ? this.#rows.numbers[this.#rows.at + LATENCY_TIME]! / this.playedMs : null;
  }

  /** @param clockMs the wall clock in media time: what the camera sees now */
  advance(nowMs: number, clockMs: number): void {
    const { numbers, at } = this.#rows;
    let leftMs = nowMs - numbers[at + AT_MS]!;
    numbers[at + AT_MS] = nowMs;
    if (numbers[at + PHASE] !== PLAYING || leftMs <= 0) return;
    let latencyMs = clockMs - leftMs - numbers[at + POSITION_MS]!;
    for (;;) {
      const stopMs = numbers[at + STOP_MS]!;
      const positionMs = numbers[at + POSITION_MS]!;
      if (positionMs + leftMs < stopMs) {
        this.#play(positionMs + leftMs, latencyMs);
        return;
      }
      leftMs -= stopMs - positionMs;
      this.#play(stopMs, latencyMs);
      if (numbers[at + GAPS] === 0 || this.#startOf(this.#gaps()[0]!) !== stopMs) break;
      this.#jumpGaps();
      latencyMs -= numbers[at + POSITION_MS]! - stopMs;
    }
    if (this.#isAtEnd()) numbers[at + PHASE] = ENDED;
    else if (leftMs > ROUNDING_MS) this.#stall(nowMs - leftMs);
  }

  /** A whole segment has arrived. Anything but the next one is ignored. @returns whether it was buffered */
  append(medium: number, number: number, bitrateBps: number, nowMs: number): boolean {
    const { numbers, at } = this.#rows;
    if (number !== numbers[at + NEXT + medium]) return false;
    numbers[at + NEXT + medium] = number + 1;
    if (numbers[at + GAPS]! > 0) this.#passGaps();
    this.#bufferChanged();
    if (medium === 0 && bitrateBps !== numbers[at + LAST_BITRATE_BPS]) {
      if (numbers[at + LAST_BITRATE_BPS] === 0) numbers[at + BITRATE_BPS] = bitrateBps;
      else numbers[at + CHANGES] = this.#changes().push([number, bitrateBps]);
      numbers[at + LAST_BITRATE_BPS] = bitrateBps;
    }
    this.#playIfEnough(nowMs);
    return true;
  }

  /** The segment cannot be had, in this medium and so in all: playback will jump over it. */
  skip(number: number, nowMs: number): void {
    const { numbers, at } = this.#rows;
    const gaps = this.#gaps();
    if (number < this.#numberAt(numbers[at + POSITION_MS]!) || gaps.includes(number)) return;
    numbers[at + GAP_COUNT]!++;
    numbers[at + GAPS] = gaps.push(number);
    gaps.sort((a, b) => a - b);
    this.#passGaps();
    this.#bufferChanged();
    if (numbers[at + PHASE] !== PLAYING) this.#jumpGaps();
    this.#playIfEnough(nowMs);
  }

  /** Everything the event will ever have is buffered or played. */
  isComplete(): boolean {
    const { endNumber } = this.#timings[this.#rows.player]!;
    if (endNumber === undefined) return false;
    const { numbers, at } = this.#rows;
    for (let place = at + NEXT; place < at + NEXT + numbers[at + MEDIA]!; place++) {
      if (numbers[place]! <= endNumber) return false;
    }
    return true;
  }

  #playIfEnough(nowMs: number): void {
    const { numbers, at } = this.#rows;
    const phase = numbers[at + PHASE];
    if (phase !== STARTING && phase !== STALLED) return;
    const wantedMs = numbers[at + (phase === STARTING ? START_BUFFER_MS : RESUME_BUFFER_MS)]!;
    if (this.#isAtEnd()) this.#beginPhase(ENDED, nowMs);
    else if (this.leastBufferMs() >= wantedMs || this.isComplete()) this.#beginPhase(PLAYING, nowMs);
  }

  #beginPhase(phase: typeof PLAYING | typeof ENDED, nowMs: number): void {
    const { numbers, at } = this.#rows;
    numbers[at + STALL_MS] = this.stallMs(nowMs);
    numbers[at + PHASE] = phase;
    if (phase === PLAYING && numbers[at + FIRST_PLAYED_MS]! < 0) numbers[at + FIRST_PLAYED_MS] = nowMs;
  }

  #stall(sinceMs: number): void {
    const { numbers, at } = this.#rows;
    numbers[at + PHASE] = STALLED;
    numbers[at + STALL_COUNT]!++;
    numbers[at + STALLED_SINCE_MS] = sinceMs;
  }

  #isAtEnd(): boolean {
    return this.isComplete() && this.positionMs >= this.#startOf(this.#timings[this.#rows.player]!.endNumber! + 1);
  }

  /** After any change of what is buffered and of the gaps. */
  #bufferChanged(): void {
    const { numbers, at } = this.#rows;
    let next = numbers[at + NEXT]!;
    for (let medium = 1; medium < numbers[at + MEDIA]!; medium++) next = Math.min(next, numbers[at + NEXT + medium]!);
    const dryMs = this.#startOf(next);
    numbers[at + DRY_MS] = dryMs;
    numbers[at + STOP_MS] = numbers[at + GAPS]! > 0 ? Math.min(dryMs, this.#startOf(this.#gaps()[0]!)) : dryMs;
  }

  #play(untilMs: number, latencyMs: number): void {
    const { numbers, at } = this.#rows;
    const playedMs = untilMs - numbers[at + POSITION_MS]!;
    numbers[at + PLAYED_MS]! += playedMs;
    numbers[at + LATENCY_TIME]! += latencyMs * playedMs;
    while (numbers[at + CHANGES]! > 0 && this.#startOf(this.#nextChange()[0]) < untilMs) {
      const [number, bitrateBps] = this.#takeChange();
      const positionMs = numbers[at + POSITION_MS]!;
      const changeMs = Math.max(positionMs, this.#startOf(number));
      numbers[at + BITRATE_TIME]! += numbers[at + BITRATE_BPS]! * (changeMs - positionMs);
      numbers[at + POSITION_MS] = changeMs;
      numbers[at + BITRATE_BPS] = bitrateBps;
    }
    numbers[at + BITRATE_TIME]! += numbers[at + BITRATE_BPS]! * (untilMs - numbers[at + POSITION_MS]!);
    numbers[at + POSITION_MS] = untilMs;
  }

  /** Past the gaps that the playhead has come to. */
  #jumpGaps(): void {
    const { numbers, at } = this.#rows;
    const gaps = this.#gaps();
    while (gaps.length > 0 && this.#startOf(gaps[0]!) <= numbers[at + POSITION_MS]!) {
      numbers[at + POSITION_MS] = Math.max(numbers[at + POSITION_MS]!, this.#startOf(gaps.shift()! + 1));
      numbers[at + GAPS] = gaps.length;
      this.#bufferChanged();
    }
  }

  /** A gap is nothing to fetch: a medium that has come to one stands behind it. */
  #passGaps(): void {
    const { numbers, at } = this.#rows;
    const gaps = this.#gaps();
    for (let place = at + NEXT; place < at + NEXT + numbers[at + MEDIA]!; place++) {
      while (gaps.includes(numbers[place]!)) numbers[place]!++;
    }
  }

  #gaps(): number[] {
    return this.#gapLists[this.#rows.player]!;
  }

  #changes(): [number: number, bitrateBps: number][] {
    return this.#changeLists[this.#rows.player]!;
  }

  #nextChange(): [number: number, bitrateBps: number] {
    return this.#changes()[0]!;
  }

  #takeChange(): [number: number, bitrateBps: number] {
    const changes = this.#changes();
    const change = changes.shift()!;
    this.#rows.numbers[this.#rows.at + CHANGES] = changes.length;
    return change;
  }

  #segmentMs(): number {
    return this.#timings[this.#rows.player]!.segmentDurationMs;
  }

  #startOf(number: number): number {
    const { startNumber, segmentDurationMs } = this.#timings[this.#rows.player]!;
    return (number - startNumber) * segmentDurationMs;
  }

  #numberAt(positionMs: number): number {
    const { startNumber, segmentDurationMs } = this.#timings[this.#rows.player]!;
    return startNumber + Math.floor(positionMs / segmentDurationMs);
  }
}
