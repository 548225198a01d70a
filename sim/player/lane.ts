import { LANE, MEDIA_LANE, type PlayerRows } from './player-rows.ts';

/** One line of fetches, of which at most one is in flight. Its numbers stand in the player's row. */
export class Lane {
  protected readonly rows: PlayerRows;
  protected readonly first: number;

  /** @param first its first number in a row */
  constructor(rows: PlayerRows, first: number) {
    this.rows = rows;
    this.first = first;
  }

  /** Of a player that has just been made. */
  reset(): void {
    this.fetchId = 0;
    this.server = -1;
    this.startedMs = 0;
    this.deadlineMs = Infinity;
    this.lookMs = Infinity;
    this.notBeforeMs = Infinity;
    this.failures = 0;
  }

  /** 0: nothing is in flight */
  get fetchId(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.fetchId]!;
  }

  set fetchId(fetchId: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.fetchId] = fetchId;
  }

  get server(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.server]!;
  }

  set server(server: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.server] = server;
  }

  get startedMs(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.startedMs]!;
  }

  set startedMs(startedMs: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.startedMs] = startedMs;
  }

  get deadlineMs(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.deadlineMs]!;
  }

  set deadlineMs(deadlineMs: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.deadlineMs] = deadlineMs;
  }

  /** while a fetch is under way: when the adaptation wants to see how far it has come */
  get lookMs(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.lookMs]!;
  }

  set lookMs(lookMs: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.lookMs] = lookMs;
  }

  /** while idle: when the lane wants to be looked at again */
  get notBeforeMs(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.notBeforeMs]!;
  }

  set notBeforeMs(notBeforeMs: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.notBeforeMs] = notBeforeMs;
  }

  /** failed fetches since the last that succeeded: what backing off grows with */
  get failures(): number {
    return this.rows.numbers[this.rows.at + this.first + LANE.failures]!;
  }

  set failures(failures: number) {
    this.rows.numbers[this.rows.at + this.first + LANE.failures] = failures;
  }

  begin(fetchId: number, server: number, nowMs: number, timeoutMs: number): void {
    const { numbers } = this.rows;
    const at = this.rows.at + this.first;
    numbers[at + LANE.fetchId] = fetchId;
    numbers[at + LANE.server] = server;
    numbers[at + LANE.startedMs] = nowMs;
    numbers[at + LANE.deadlineMs] = nowMs + timeoutMs;
    numbers[at + LANE.lookMs] = Infinity;
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
const NONE = -1;

/** The fetches of one medium. */
export class MediaLane extends Lane {
  /** index into the playback's media */
  readonly medium: number;
  /** by player and rendition */
  readonly #initialised: boolean[][] = [];

  constructor(rows: PlayerRows, first: number, medium: number) {
    super(rows, first);
    this.medium = medium;
  }

  override reset(): void {
    super.reset();
    this.rendition = -1;
    this.number = INIT;
    this.retries = 0;
    this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.initialised] = NONE;
    this.#initialised[this.rows.player] = [];
  }

  /** index into the event's renditions, of the fetch in flight or the last one */
  get rendition(): number {
    return this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.rendition]!;
  }

  set rendition(rendition: number) {
    this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.rendition] = rendition;
  }

  /** segment number, or INIT */
  get number(): number {
    return this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.number]!;
  }

  set number(number: number) {
    this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.number] = number;
  }

  /** failed fetches of the segment that is wanted now */
  get retries(): number {
    return this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.retries]!;
  }

  set retries(retries: number) {
    this.rows.numbers[this.rows.at + this.first + MEDIA_LANE.retries] = retries;
  }

  needsInit(rendition: number): boolean {
    // Mostly that of the segment before.
    const place = this.rows.at + this.first + MEDIA_LANE.initialised;
    if (this.rows.numbers[place] === rendition) return false;
    if (this.#initialised[this.rows.player]![rendition] !== true) return true;
    this.rows.numbers[place] = rendition;
    return false;
  }

  hasInit(rendition: number): void {
    this.#initialised[this.rows.player]![rendition] = true;
  }

  /** Ready for another segment, whenever that can be had. */
  clear(nowMs: number): void {
    this.retries = 0;
    this.notBeforeMs = nowMs;
  }
}
