import { edgePolicySchema } from '../../edge/policy/edge-config.ts';
import { EdgeMachine } from '../../edge/policy/machine.ts';
import type { EdgeSink, FillHead } from '../../edge/policy/sink.ts';
import { OBJECT_OVERHEAD_BYTES } from '../../edge/policy/store.ts';

const BODY_BYTES = 1000;
/** Time between requests: so long that every deadline of the last one is over, and the machine's heap stays small. */
const GAP_MS = 20_000;
/** No answer grows stale in any run. */
const FOR_EVER_MS = 1e15;

/**
 * One edge machine with room for so many objects of one size. A request that it does not answer from its store is filled
 * before the next one comes, so that only eviction decides.
 */
export class CacheTrial {
  hits = 0;
  misses = 0;
  /** sum of the weights of what is stored */
  storedWeight = 0;
  readonly #machine: EdgeMachine;
  readonly #isKnown: Uint8Array;
  readonly #weights: ArrayLike<number>;
  readonly #storedKeys: number[] = [];
  readonly #head: FillHead;
  #nowMs = 0;
  #requests = 0;
  #pendingFill = -1;

  /** @param weights of the objects, one for each */
  constructor(weights: ArrayLike<number>, room: number, eviction: 'lru' | 'fifo') {
    this.#weights = weights;
    const memoryBytes = room * (BODY_BYTES + OBJECT_OVERHEAD_BYTES);
    this.#isKnown = new Uint8Array(weights.length);
    this.#head = {
      status: 200,
      shareable: true,
      ttlMs: FOR_EVER_MS,
      ageMs: 0,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lengthBytes: BODY_BYTES,
      validator: '',
      key: 0,
    };
    const unexpected = (what: string) => () => {
      throw new Error(`the edge machine said ${what}, where nothing fails`);
    };
    const sink: EdgeSink = {
      serve: () => void this.hits++,
      fill: (fillId) => {
        this.misses++;
        this.#pendingFill = fillId;
      },
      release: (key) => void (this.#isKnown[key] = 0),
      stream: () => {},
      store: (_fillId, objectId) => {
        this.#storedKeys[objectId] = this.#head.key;
        this.storedWeight += this.#weights[this.#head.key]!;
      },
      drop: (objectId) => void (this.storedWeight -= this.#weights[this.#storedKeys[objectId]!]!),
      refuse: unexpected('refuse'),
      cut: unexpected('cut'),
      abort: unexpected('abort'),
      restart: unexpected('restart'),
      passOn: unexpected('passOn'),
      refresh: unexpected('refresh'),
      learn: unexpected('learn'),
    };
    const policy = edgePolicySchema.parse({ memoryBytes, eviction });
    this.#machine = new EdgeMachine(policy, { self: 'edge', site: [], upstreams: 1 }, sink);
  }

  /** @returns whether it was a hit */
  request(object: number): boolean {
    const machine = this.#machine;
    const nowMs = (this.#nowMs += GAP_MS);
    if (machine.nextWake() <= nowMs) machine.wake(nowMs);
    if (this.#isKnown[object] === 0) {
      this.#isKnown[object] = 1;
      machine.define(object, object, -1, 0);
    }
    machine.request(++this.#requests, object, 0, nowMs, nowMs);
    const fillId = this.#pendingFill;
    if (fillId < 0) return true;
    this.#pendingFill = -1;
    this.#head.key = object;
    // The machine keeps the head for as long as the fill lasts, which ends here.
    machine.fillHead(fillId, this.#head, nowMs, nowMs);
    machine.fillBytes(fillId, BODY_BYTES, nowMs);
    machine.fillEnd(fillId, nowMs);
    return false;
  }

  resetCounts(): void {
    this.hits = 0;
    this.misses = 0;
  }
}
