/** What came of one answer, or of playback from one server. */
export type PlayerSign = 'well' | 'failed' | 'stalled' | 'broken';

/** In answers: a stall or a broken playback is what several failed answers lead to. */
export const SIGN_WEIGHTS: Record<PlayerSign, number> = { well: 1, failed: 1, stalled: 4, broken: 8 };

/** Less than this says nothing. */
const LEAST_WEIGHT = 8;
/** What is remembered of one second is at most so much, so that an hour of success does not hide a minute of failure. */
const MOST_WEIGHT = 100;
/** Clients are told apart for two generations of this. */
const GENERATION_MS = 30_000;
/** One in so many of the clients heard must tell of failures: those who lie are outvoted unless they are that many. */
const CLIENTS_PER_FAILING = 2;
/** Standard deviations of the estimate that are taken off it: little is remembered, so chance is not small. */
const DEVIATIONS = 2;

/** What the players of one network have told of one server lately. Clients are counted by bits of their hash: up to 32. */
export class PlayerEvidence {
  readonly server: number;
  readonly network: number;
  #well = 0;
  #bad = 0;
  #clients = 0;
  #clientsBefore = 0;
  #failing = 0;
  #failingBefore = 0;
  #generationMs: number;

  constructor(server: number, network: number, nowMs: number) {
    this.server = server;
    this.network = network;
    this.#generationMs = nowMs;
  }

  get weight(): number {
    return this.#well + this.#bad;
  }

  get clients(): number {
    return bitsSet(this.#clients | this.#clientsBefore);
  }

  add(isWell: boolean, weight: number, client: number): void {
    const bit = 1 << (client & 31);
    this.#clients |= bit;
    if (isWell) {
      this.#well += weight;
    } else {
      this.#bad += weight;
      this.#failing |= bit;
    }
  }

  /** @param part of what was told before that still counts */
  age(part: number, nowMs: number): void {
    const kept = Math.min(part, MOST_WEIGHT / Math.max(this.weight, 1));
    this.#well *= kept;
    this.#bad *= kept;
    if (nowMs - this.#generationMs < GENERATION_MS) return;
    this.#generationMs = nowMs;
    this.#clientsBefore = this.#clients;
    this.#failingBefore = this.#failing;
    this.#clients = 0;
    this.#failing = 0;
  }

  /** Share of failures, as told; −1 when too little is. */
  get failing(): number {
    return this.weight < LEAST_WEIGHT ? -1 : this.#bad / this.weight;
  }

  /** The share of failures that is beyond chance and liars: what the server, or the way to it, may be accused of. */
  charge(clientsMin: number): number {
    const { failing } = this;
    const accusers = bitsSet(this.#failing | this.#failingBefore);
    if (failing <= 0 || accusers < clientsMin || accusers * CLIENTS_PER_FAILING < this.clients) return 0;
    return Math.max(0, failing - DEVIATIONS * Math.sqrt((failing * (1 - failing)) / this.weight));
  }
}

function bitsSet(bits: number): number {
  let count = 0;
  for (let left = bits >>> 0; left !== 0; left &= left - 1) count++;
  return count;
}
