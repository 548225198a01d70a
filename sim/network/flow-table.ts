const FIRST_SIZE = 1024;
const NONE = -1;

/** Fields of a flow in `doubles`. */
export const FLOW_DOUBLES = 4;
/** the group's service at which all its bytes are carried */
export const THRESHOLD = 0;
export const SIZE = 1;
export const TAG = 2;
/** its place in the order of starts */
export const TURN = 3;

/** Fields of a flow in `ints`; the last three are its place in the heap. */
export const FLOW_INTS = 4;
export const GROUP = 0;
const CHILD = 1;
const SIBLING = 2;
/** the sibling before it; the first child's is its parent */
const PREVIOUS = 3;

/**
 * Flows, and for each group a heap of them: who is done first is the root. The heaps are pairing heaps (Fredman et al.
 * 1986) threaded through the flows, so a group needs no memory of its own: entering is O(1), leaving O(log n) amortised.
 */
export class FlowTable {
  doubles = new Float64Array(FIRST_SIZE * FLOW_DOUBLES);
  ints = new Int32Array(FIRST_SIZE * FLOW_INTS);
  #freed = new Int32Array(FIRST_SIZE);
  #freedCount = 0;
  /** flow numbers ever given */
  made = 0;
  #turn = 0;

  get active(): number {
    return this.made - this.#freedCount;
  }

  isActive(flow: number): boolean {
    return flow >= 0 && flow < this.made && this.ints[flow * FLOW_INTS + GROUP] !== NONE;
  }

  take(tag: number, group: number, sizeBytes: number, threshold: number): number {
    const flow = this.#freedCount > 0 ? this.#freed[--this.#freedCount]! : this.made++;
    if (flow * FLOW_INTS >= this.ints.length) this.#grow();
    const at = flow * FLOW_DOUBLES;
    this.doubles[at + THRESHOLD] = threshold;
    this.doubles[at + SIZE] = sizeBytes;
    this.doubles[at + TAG] = tag;
    this.doubles[at + TURN] = this.#turn++;
    const links = flow * FLOW_INTS;
    this.ints[links + GROUP] = group;
    this.ints[links + CHILD] = NONE;
    this.ints[links + SIBLING] = NONE;
    this.ints[links + PREVIOUS] = NONE;
    return flow;
  }

  free(flow: number): void {
    this.ints[flow * FLOW_INTS + GROUP] = NONE;
    this.#freed[this.#freedCount++] = flow;
  }

  /** @returns the root with it */
  enter(root: number, flow: number): number {
    return root === NONE ? flow : this.#meld(root, flow);
  }

  /** @returns the root without it, −1 when none is left */
  leave(root: number, flow: number): number {
    const { ints } = this;
    const at = flow * FLOW_INTS;
    const rest = ints[at + CHILD] === NONE ? NONE : this.#meldAll(ints[at + CHILD]!);
    if (flow === root) return rest;
    const previous = ints[at + PREVIOUS]!;
    const sibling = ints[at + SIBLING]!;
    if (ints[previous * FLOW_INTS + CHILD] === flow) ints[previous * FLOW_INTS + CHILD] = sibling;
    else ints[previous * FLOW_INTS + SIBLING] = sibling;
    if (sibling !== NONE) ints[sibling * FLOW_INTS + PREVIOUS] = previous;
    return rest === NONE ? root : this.#meld(root, rest);
  }

  /** All flows of a heap, in no order. */
  all(root: number): number[] {
    const found = root === NONE ? [] : [root];
    for (let place = 0; place < found.length; place++) {
      let child = this.ints[found[place]! * FLOW_INTS + CHILD]!;
      for (; child !== NONE; child = this.ints[child * FLOW_INTS + SIBLING]!) found.push(child);
    }
    return found;
  }

  /** Both have no siblings. */
  #meld(a: number, b: number): number {
    const { doubles, ints } = this;
    const first = doubles[a * FLOW_DOUBLES + THRESHOLD]!;
    const second = doubles[b * FLOW_DOUBLES + THRESHOLD]!;
    const isFirst =
      first < second || (first === second && doubles[a * FLOW_DOUBLES + TURN]! < doubles[b * FLOW_DOUBLES + TURN]!);
    const parent = isFirst ? a : b;
    const child = isFirst ? b : a;
    const elder = ints[parent * FLOW_INTS + CHILD]!;
    ints[child * FLOW_INTS + SIBLING] = elder;
    ints[child * FLOW_INTS + PREVIOUS] = parent;
    if (elder !== NONE) ints[elder * FLOW_INTS + PREVIOUS] = child;
    ints[parent * FLOW_INTS + CHILD] = child;
    return parent;
  }

  /** Melds a list of siblings, in pairs from the first and then from the last back. */
  #meldAll(first: number): number {
    const { ints } = this;
    let pairs = NONE;
    for (let next = first; next !== NONE;) {
      const a = next;
      const b = ints[a * FLOW_INTS + SIBLING]!;
      ints[a * FLOW_INTS + SIBLING] = NONE;
      let pair = a;
      next = NONE;
      if (b !== NONE) {
        next = ints[b * FLOW_INTS + SIBLING]!;
        ints[b * FLOW_INTS + SIBLING] = NONE;
        pair = this.#meld(a, b);
      }
      ints[pair * FLOW_INTS + PREVIOUS] = pairs;
      pairs = pair;
    }
    let root = pairs;
    pairs = ints[root * FLOW_INTS + PREVIOUS]!;
    while (pairs !== NONE) {
      const next = ints[pairs * FLOW_INTS + PREVIOUS]!;
      root = this.#meld(root, pairs);
      pairs = next;
    }
    ints[root * FLOW_INTS + PREVIOUS] = NONE;
    return root;
  }

  #grow(): void {
    const size = (this.ints.length / FLOW_INTS) * 2;
    const doubles = new Float64Array(size * FLOW_DOUBLES);
    doubles.set(this.doubles);
    this.doubles = doubles;
    const ints = new Int32Array(size * FLOW_INTS);
    ints.set(this.ints);
    this.ints = ints;
    const freed = new Int32Array(size);
    freed.set(this.#freed);
    this.#freed = freed;
  }
}
