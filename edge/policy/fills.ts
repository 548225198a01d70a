import type { Deadlines } from './deadlines.ts';
import type { EdgePolicyConfig } from './edge-config.ts';
import { isResumable, isWanted, newFill, type Fill, type KeyState } from './fill.ts';
import type { KeyStates } from './key-states.ts';
import type { EdgeStats } from './edge-stats.ts';
import { FROM_TIER, type EdgeSink } from './sink.ts';
import type { Sources } from './sources.ts';
import type { Store } from './store.ts';

const NONE: readonly number[] = [];

/** What fills are made with. */
export interface FillParts {
  config: EdgePolicyConfig;
  sink: EdgeSink;
  keys: KeyStates;
  store: Store;
  sources: Sources;
  deadlines: Deadlines;
  stats: EdgeStats;
}

/** The upstream requests in flight: how many, to whom, until when, and what of their bodies is held in memory. */
export class Fills {
  readonly #fills = new Map<number, Fill>();
  readonly #parts: FillParts;
  #nextId = 1;

  constructor(parts: FillParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#fills.size;
  }

  get(id: number): Fill | undefined {
    return this.#fills.get(id);
  }

  // ——— attempts ———

  /** A fill that is ready for its first attempt; null when there is no room for another, or nobody to ask. */
  open(state: KeyState, kind: Fill['kind'], flags: number, leader: number, nowMs: number): Fill | null {
    if (this.#fills.size >= this.#parts.config.fillsMax) return null;
    const fill = newFill(this.#nextId++, state.key, kind, (flags & FROM_TIER) !== 0);
    fill.source = this.#parts.sources.choose(state.hash, fill.fromTier, NONE, nowMs);
    if (fill.source < 0) return null;
    fill.leader = leader;
    if (kind === 'fill') {
      state.fill = fill;
      fill.revalidates = state.object?.id ?? -1;
    }
    state.users++;
    return fill;
  }

  /** Sends the attempt. @param resumes the failed attempt whose body it goes on with, or −1 */
  attempt(fill: Fill, resumes: number, nowMs: number): void {
    const { config, sink, stats } = this.#parts;
    fill.tried.push(fill.source);
    fill.attempts++;
    fill.phase = 'head';
    fill.paused = false;
    fill.continues = resumes >= 0;
    this.#fills.set(fill.id, fill);
    this.#setDeadline(fill, nowMs + config.headTimeoutMs);
    stats.fills++;
    const alone = fill.kind === 'pass' && !fill.shares;
    sink.fill(fill.id, fill.key, fill.source, fill.leader, alone, fill.revalidates, resumes);
    if (fill.kind === 'pass') sink.passOn(fill.id);
  }

  /**
   * Who should be asked after an attempt that did not succeed, or −1.
   * @param insist ask the only server above once more: a broken connection deserves it, an answer does not
   */
  successor(fill: Fill, insist: boolean, nowMs: number): number {
    const { config, keys, sources } = this.#parts;
    const wanted = fill.waiters.size > 0 || isResumable(fill);
    if (!wanted || fill.attempts >= config.attemptsMax) return -1;
    const { hash } = keys.at(fill.key);
    const untried = sources.choose(hash, fill.fromTier, fill.tried, nowMs);
    if (untried >= 0 || !insist || fill.attempts > 1) return untried;
    return sources.choose(hash, fill.fromTier, NONE, nowMs);
  }

  /** A new attempt takes over everybody who waits, and those who read where the body can be continued. */
  replace(fill: Fill, source: number, nowMs: number): void {
    const { sink, stats } = this.#parts;
    const failedId = fill.id;
    const continues = isResumable(fill);
    sink.abort(failedId);
    this.#fills.delete(failedId);
    // Continued, the bytes stay in memory: they are counted until the new attempt has brought them again.
    if (!continues) this.letGo(fill);
    fill.id = this.#nextId++;
    fill.source = source;
    if (!fill.waiters.has(fill.leader)) fill.leader = first(fill.waiters) ?? fill.leader;
    stats.leadersReplaced++;
    if (continues) stats.resumed++;
    this.attempt(fill, continues ? failedId : -1, nowMs);
  }

  /** Out of the shared state: nobody joins it, nothing of it is stored. Who reads from it reads on. */
  makePass(fill: Fill): void {
    if (fill.kind === 'pass') return;
    const { keys, sink } = this.#parts;
    fill.kind = 'pass';
    fill.shares = true;
    this.letGo(fill);
    const state = keys.at(fill.key);
    if (state.fill === fill) state.fill = null;
    sink.passOn(fill.id);
    this.abandonIfUnwanted(fill);
  }

  /** A pass that nobody is on any more. What can be stored goes on arriving for others. */
  abandonIfUnwanted(fill: Fill): void {
    if (fill.kind === 'pass' && !isWanted(fill)) this.abandon(fill);
  }

  abandon(fill: Fill): void {
    if (!this.#fills.has(fill.id)) return;
    this.#parts.sink.abort(fill.id);
    this.end(fill);
  }

  /** It is over, whatever came of it. */
  end(fill: Fill): void {
    this.#fills.delete(fill.id);
    this.letGo(fill);
    const state = this.#parts.keys.at(fill.key);
    if (state.fill === fill) state.fill = null;
    this.#parts.keys.leave(state);
  }

  /** `Vary` says that the response belongs to another key. @returns false when that has a fill of its own */
  moveTo(fill: Fill, key: number): boolean {
    const { keys } = this.#parts;
    const variant = keys.at(key);
    if (variant.fill !== null) return false;
    const base = keys.at(fill.key);
    base.fill = null;
    variant.fill = fill;
    variant.users++;
    fill.key = key;
    keys.leave(base);
    return true;
  }

  // ——— bytes ———

  headCame(fill: Fill, nowMs: number): void {
    fill.phase = 'body';
    // Something newer has come than the object that was asked about: who continues this body must not ask about it again.
    fill.revalidates = -1;
    fill.receivedBytes = 0;
    this.#setDeadline(fill, nowMs + this.#parts.config.stallTimeoutMs);
  }

  bytesCame(fill: Fill, bytes: number, nowMs: number): void {
    const { config, store } = this.#parts;
    fill.receivedBytes += bytes;
    if (!fill.paused) this.#setDeadline(fill, nowMs + config.stallTimeoutMs);
    if (fill.kind === 'pass') return;
    const moreBytes = Math.max(0, fill.receivedBytes - fill.heldBytes);
    if (fill.receivedBytes > config.objectBytesMax || store.arrivingBytes + moreBytes > config.memoryBytes) {
      this.makePass(fill);
      return;
    }
    fill.heldBytes += moreBytes;
    store.arriving(moreBytes);
  }

  /** What was to be continued is another body: nothing of it is kept. */
  startOver(fill: Fill): void {
    fill.continues = false;
    this.letGo(fill);
    this.#parts.sink.restart(fill.id);
    if (fill.kind === 'pass') this.#parts.sink.passOn(fill.id);
  }

  /** Nothing of its body counts as arriving any longer. */
  letGo(fill: Fill): void {
    this.#parts.store.arriving(-fill.heldBytes);
    fill.heldBytes = 0;
  }

  // ——— time ———

  /** While it is paused for its slow readers, silence is not the upstream's fault: their own connections bound it. */
  pause(fill: Fill): void {
    fill.paused = true;
  }

  unpause(fill: Fill, nowMs: number): void {
    if (!fill.paused) return;
    fill.paused = false;
    this.#setDeadline(fill, nowMs + this.#parts.config.stallTimeoutMs);
  }

  /** Whether the entry that came up means what it says; one that came too early is put back with the real time. */
  isOverdue(fill: Fill, nowMs: number): boolean {
    const deadlineMs = fill.paused ? nowMs + this.#parts.config.stallTimeoutMs : fill.deadlineMs;
    if (deadlineMs <= nowMs) return true;
    this.#parts.deadlines.push(deadlineMs, fill.id);
    return false;
  }

  #setDeadline(fill: Fill, deadlineMs: number): void {
    // An earlier deadline, and an attempt's first, need an entry; a later one is found when the old entry comes up.
    if (fill.phase === 'head' || deadlineMs < fill.deadlineMs) this.#parts.deadlines.push(deadlineMs, fill.id);
    fill.deadlineMs = deadlineMs;
  }
}

function first(ids: ReadonlySet<number>): number | undefined {
  for (const id of ids) return id;
  return undefined;
}
