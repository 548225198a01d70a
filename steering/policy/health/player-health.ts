import { fallTowards, remaining } from './health.ts';
import type { PlayerTuning } from './health-config.ts';
import { HashedBuckets } from './hashed-buckets.ts';
import { blame, type Blame } from './player-blame.ts';
import { PlayerEvidence, SIGN_WEIGHTS, type PlayerSign } from './player-evidence.ts';

/** `well`: players of several networks tell so. */
export type PlayerStanding = 'unknown' | 'well' | 'failing';

/** Why a sign was not taken in: its client has said enough; or there is no more room. */
export type SignRefusal = 'client-limit' | 'crowded';

const EVIDENCE_MAX = 1 << 16;
const NETWORKS_MAX = 1 << 14;
/** Evidence of less than one sign is forgotten. */
const FORGOTTEN_WEIGHT = 0.5;
const CLIENT_BURST_SECONDS = 10;
/** Some must go on trying a server that only players call bad, or nobody would tell of its recovery. */
const LEAST_SHARE = 0.02;
const SETTLE_MS = 1000;
/** Somebody found well stays so for a while: there are seconds in which too few tell. */
const STAYS_WELL_MS = 15_000;
/** What players may hold against probes that fail, and how long it would take them from nothing to all. */
const MOST_TRUST = 0.5;
const TRUST_RAMP_MS = 20_000;

/**
 * What players say of servers, and of the ways to them. A server loses its share only when several networks tell of
 * failures there, while elsewhere they do well; what a single network tells lowers the way from it to that site. A network
 * that fails everywhere has only itself to blame, and one address is one voice.
 */
export class PlayerHealth {
  /** another number when a share has changed */
  version = 0;
  readonly #tuning: PlayerTuning;
  readonly #siteOf: Int32Array;
  readonly #sites: number;
  readonly #voices: HashedBuckets;
  readonly #networks = new Map<string, number>();
  readonly #freeNetworks: number[] = [];
  /** by network and server */
  readonly #evidence = new Map<number, PlayerEvidence>();
  readonly #shares: Float64Array;
  /** by server: when players of several networks found it well last */
  readonly #wellMs: Float64Array;
  readonly #trust: Float64Array;
  /** by network and site; only those that are below 1 */
  readonly #paths = new Map<number, number>();
  #settledMs: number;

  /** @param siteOf by server: the number of its site */
  constructor(siteOf: Int32Array, tuning: PlayerTuning, nowMs: number) {
    this.#tuning = tuning;
    this.#siteOf = siteOf;
    this.#sites = siteOf.reduce((most, site) => Math.max(most, site + 1), 0);
    this.#voices = new HashedBuckets(tuning.clientEventsPerSecond, tuning.clientEventsPerSecond * CLIENT_BURST_SECONDS);
    this.#shares = new Float64Array(siteOf.length).fill(1);
    this.#wellMs = new Float64Array(siteOf.length).fill(-Infinity);
    this.#trust = new Float64Array(siteOf.length);
    this.#settledMs = nowMs;
  }

  /**
   * A player tells of a server.
   * @param client stable hash of what it cannot choose freely: its address, or the block that one subscriber has
   * @returns null when it was taken in
   */
  told(server: number, network: string, client: number, sign: PlayerSign, nowMs: number): SignRefusal | null {
    const evidence = this.#evidenceOf(server, network, nowMs);
    if (evidence === null) return 'crowded';
    const weight = this.#voices.take(client, SIGN_WEIGHTS[sign], nowMs);
    if (weight === 0) return 'client-limit';
    evidence.add(sign === 'well', weight, client);
    return null;
  }

  /** To be called each second: what was told becomes shares. */
  settle(nowMs: number): void {
    const elapsedMs = nowMs - this.#settledMs;
    if (elapsedMs < SETTLE_MS) return;
    this.#settledMs = nowMs;
    this.#age(0.5 ** (elapsedMs / this.#tuning.halfLifeMs), nowMs);
    const blamed = blame(this.#evidence.values(), this.#siteOf, this.#tuning.clientsMin);
    this.#settleServers(blamed, elapsedMs);
    this.#settlePaths(blamed, elapsedMs);
  }

  /** Share of its sessions that the server still deserves, 0 to 1. */
  shareAt(server: number): number {
    return this.#shares[server]!;
  }

  standingAt(server: number): PlayerStanding {
    if (this.#shares[server]! < 0.5) return 'failing';
    return this.#trust[server]! > 0 ? 'well' : 'unknown';
  }

  /** Share of its sessions that it keeps on the players' word alone: it grows as long as they find it well. */
  trustAt(server: number): number {
    return this.#trust[server]!;
  }

  /** Share of the network's sessions that the way to the site still deserves, 0 to 1. */
  pathShareAt(network: string, site: number): number {
    if (this.#paths.size === 0) return 1;
    const number = this.#networks.get(network);
    return number === undefined ? 1 : (this.#paths.get(number * this.#sites + site) ?? 1);
  }

  /** Ways that get less than their share now. */
  get failingPaths(): number {
    return this.#paths.size;
  }

  #evidenceOf(server: number, network: string, nowMs: number): PlayerEvidence | null {
    const number = this.#networkNumber(network);
    if (number < 0) return null;
    const key = number * this.#siteOf.length + server;
    const known = this.#evidence.get(key);
    if (known !== undefined) return known;
    if (this.#evidence.size >= EVIDENCE_MAX) return null;
    const evidence = new PlayerEvidence(server, number, nowMs);
    this.#evidence.set(key, evidence);
    return evidence;
  }

  #networkNumber(network: string): number {
    const known = this.#networks.get(network);
    if (known !== undefined) return known;
    if (this.#networks.size >= NETWORKS_MAX) return -1;
    const number = this.#freeNetworks.pop() ?? this.#networks.size;
    this.#networks.set(network, number);
    return number;
  }

  /** What is too old to say anything goes, and with it networks of which nothing is left. */
  #age(part: number, nowMs: number): void {
    const used = new Uint8Array(NETWORKS_MAX);
    for (const [key, evidence] of this.#evidence) {
      evidence.age(part, nowMs);
      if (evidence.weight < FORGOTTEN_WEIGHT) this.#evidence.delete(key);
      else used[evidence.network] = 1;
    }
    for (const key of this.#paths.keys()) used[Math.floor(key / this.#sites)] = 1;
    for (const [name, number] of this.#networks) {
      if (used[number] === 1) continue;
      this.#networks.delete(name);
      this.#freeNetworks.push(number);
    }
  }

  #settleServers({ servers, well }: Blame, elapsedMs: number): void {
    let changed = false;
    const isWell = new Set(well);
    for (let server = 0; server < this.#shares.length; server++) {
      if (isWell.has(server)) this.#wellMs[server] = this.#settledMs;
      changed = this.#settleTrust(server, elapsedMs) || changed;
      const share = this.#shares[server]!;
      const failing = servers.get(server) ?? 0;
      if (failing === 0 && share === 1) continue;
      this.#shares[server] = Math.max(LEAST_SHARE, this.#moved(share, failing, elapsedMs));
      changed ||= this.#shares[server] !== share;
    }
    if (changed) this.version++;
  }

  #settleTrust(server: number, elapsedMs: number): boolean {
    const before = this.#trust[server]!;
    const isWell = this.#settledMs - this.#wellMs[server]! <= STAYS_WELL_MS && this.#shares[server]! >= 0.5;
    this.#trust[server] = isWell ? Math.min(MOST_TRUST, before + elapsedMs / TRUST_RAMP_MS) : 0;
    return this.#trust[server] !== before;
  }

  #settlePaths({ paths }: Blame, elapsedMs: number): void {
    for (const [key, share] of this.#paths) {
      const moved = this.#moved(share, paths.get(key) ?? 0, elapsedMs);
      if (moved === 1) this.#paths.delete(key);
      else this.#paths.set(key, moved);
    }
    for (const [key, failing] of paths) {
      if (this.#paths.has(key)) continue;
      const moved = this.#moved(1, failing, elapsedMs);
      if (moved < 1) this.#paths.set(key, moved);
    }
  }

  #moved(share: number, failing: number, elapsedMs: number): number {
    const { toleratedShare, unbearableShare, recoveryMs } = this.#tuning;
    const target = remaining(failing, { tolerated: toleratedShare, unbearable: unbearableShare });
    if (target < share) return fallTowards(target, share);
    return Math.min(target, share + elapsedMs / recoveryMs);
  }
}
