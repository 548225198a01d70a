/**
 * Where each number of a player stands in its row. A row is read from one end to the other with each segment; as fields of
 * a dozen objects, and numbers with fractions boxed one by one, each would wait for memory, one after the other.
 */
const LANE_NUMBERS = 11;
const EWMA_NUMBERS = 3;

/** `Lane`, four of them; the last four fields are of media only. */
export const LANE = {
  fetchId: 0,
  server: 1,
  startedMs: 2,
  deadlineMs: 3,
  lookMs: 4,
  notBeforeMs: 5,
  failures: 6,
} as const;
export const MEDIA_LANE = { rendition: 7, number: 8, retries: 9, initialised: 10 } as const;

const FIRST_MEDIUM = 0;
const SECOND_MEDIUM = FIRST_MEDIUM + LANE_NUMBERS;
const PLAYER = SECOND_MEDIUM + LANE_NUMBERS;
const PLAYBACK = PLAYER + 6;
export const PLAYBACK_NUMBERS = 24;
const WATCHING = PLAYBACK + PLAYBACK_NUMBERS;
export const WATCHING_NUMBERS = 12;
const FETCHER = WATCHING + WATCHING_NUMBERS;
const SERVERS = FETCHER + 3;
const HLS = SERVERS + 4;
const STEERING = HLS + 2 + 3 * EWMA_NUMBERS;
const DOCUMENT = STEERING + LANE_NUMBERS;
export const ROW_NUMBERS = DOCUMENT + LANE_NUMBERS;

export const LANES = { media: [FIRST_MEDIUM, SECOND_MEDIUM], steering: STEERING, document: DOCUMENT } as const;

export const CONTROL_MS = PLAYER;
export const LIFE = PLAYER + 1;
export const IS_PAUSED = PLAYER + 2;
export const IS_WATCHING = PLAYER + 3;
export const STARTED_MS = PLAYER + 4;
export const LEFT_MS = PLAYER + 5;

export const PHASE = PLAYBACK;
export const MEDIA = PLAYBACK + 1;
/** by medium */
export const NEXT = PLAYBACK + 2;
export const POSITION_MS = PLAYBACK + 4;
export const AT_MS = PLAYBACK + 5;
export const STOP_MS = PLAYBACK + 6;
export const DRY_MS = PLAYBACK + 7;
export const GAPS = PLAYBACK + 8;
export const CHANGES = PLAYBACK + 9;
export const PLAYED_MS = PLAYBACK + 10;
export const LATENCY_TIME = PLAYBACK + 11;
export const BITRATE_TIME = PLAYBACK + 12;
export const BITRATE_BPS = PLAYBACK + 13;
export const LAST_BITRATE_BPS = PLAYBACK + 14;
export const FIRST_PLAYED_MS = PLAYBACK + 15;
export const START_BUFFER_MS = PLAYBACK + 16;
export const RESUME_BUFFER_MS = PLAYBACK + 17;
export const STALL_COUNT = PLAYBACK + 18;
export const STALLED_SINCE_MS = PLAYBACK + 19;
export const STALL_MS = PLAYBACK + 20;
export const PAUSED_SINCE_MS = PLAYBACK + 21;
export const PAUSED_MS = PLAYBACK + 22;
export const GAP_COUNT = PLAYBACK + 23;

export const DOUBTS_EVENT = WATCHING;
export const CHOICE = WATCHING + 1;
export const FORCED_CHOICE = WATCHING + 2;
export const CURRENT_INDEX = WATCHING + 3;
export const FOLLOWS_LIVE = WATCHING + 4;
export const GAPS_IN_ROW = WATCHING + 5;
export const ASK_AFTER_MS = WATCHING + 6;
export const TIMEOUT_MS = WATCHING + 7;
export const HELD_UNTIL_MS = WATCHING + 8;
export const JUMPS = WATCHING + 9;
export const RENDITION_SWITCHES = WATCHING + 10;
export const ABANDONED = WATCHING + 11;

export const REQUESTS = FETCHER;
export const LAST_SERVER = FETCHER + 1;
export const LAST_BYTES = FETCHER + 2;

export const FIRST_CHOICE = SERVERS;
export const LAST_USED = SERVERS + 1;
export const PENALTIES = SERVERS + 2;
export const SWITCHES = SERVERS + 3;

export const HLS_DEFAULT_BPS = HLS;
export const HLS_ESTIMATE_BPS = HLS + 1;
export const HLS_MEANS = { fast: HLS + 2, slow: HLS + 5, firstByte: HLS + 8 } as const;

/**
 * The numbers of many players, a row each, and which of them is on: the parts of a player are there once, and speak for
 * the row that `at` points to. What is no number, and seldom needed, the parts keep in lists by `player`.
 */
export class PlayerRows {
  numbers: Float64Array<ArrayBuffer>;
  /** the first of the row that is on */
  at = 0;
  player = 0;

  constructor(room = 1) {
    this.numbers = new Float64Array(room * ROW_NUMBERS);
  }

  focus(player: number): void {
    this.player = player;
    this.at = player * ROW_NUMBERS;
  }

  /** A row of zeros, which is on now. */
  clear(player: number): void {
    this.focus(player);
    if (this.at + ROW_NUMBERS > this.numbers.length) {
      const larger = new Float64Array(Math.max(this.at + ROW_NUMBERS, this.numbers.length * 2));
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers.fill(0, this.at, this.at + ROW_NUMBERS);
  }
}
