import { maskOf, type AddressWords } from './ip-address.ts';

/**
 * Longest-prefix match for IPv4 and IPv6. A path-compressed binary trie (Morrison's PATRICIA, as in BSD's routing table;
 * Sklower 1991) over typed arrays: a lookup visits at most one node for each nested prefix or fork on the way, and makes
 * no object.
 */
export class PrefixTrie {
  readonly #ipv4 = new BitTrie(1);
  readonly #ipv6 = new BitTrie(4);

  /** How many prefixes are stored. */
  get size(): number {
    return this.#ipv4.size + this.#ipv6.size;
  }

  /**
   * @param words of the prefix, its other bits zero (as `parsePrefix` gives them)
   * @param value a whole number from 0 to 2³¹ − 1; it replaces that of the same prefix
   * @returns the value that was replaced, or -1
   */
  insert(words: AddressWords, length: number, value: number): number {
    return this.#trieOf(words).insert(words, length, value);
  }

  /** @returns the value of the longest stored prefix that covers the address, or -1 */
  lookup(address: AddressWords): number {
    return this.#trieOf(address).lookup(address);
  }

  /** All values of prefixes that cover the address, the shortest prefix first. */
  covering(address: AddressWords): number[] {
    const values: number[] = [];
    this.#trieOf(address).lookup(address, values);
    return values;
  }

  #trieOf(words: AddressWords): BitTrie {
    return words.length === 1 ? this.#ipv4 : this.#ipv6;
  }
}

const NONE = -1;

/** Each node is a prefix: its first bits, their number, a value or none, and a child for each next bit. */
class BitTrie {
  size = 0;
  readonly #words: number;
  #count = 1;
  /** `words` a node */
  #bits: Uint32Array;
  #lengths = new Uint8Array(64);
  #values = new Int32Array(64).fill(NONE);
  /** two a node; 0 is none, as the root is nobody's child */
  #children = new Int32Array(128);

  constructor(words: number) {
    this.#words = words;
    this.#bits = new Uint32Array(64 * words);
  }

  insert(words: AddressWords, length: number, value: number): number {
    let node = 0;
    for (;;) {
      if (this.#lengths[node] === length) {
        const before = this.#values[node]!;
        this.#values[node] = value;
        if (before === NONE) this.size++;
        return before;
      }
      const slot = 2 * node + bitAt(words, this.#lengths[node]!);
      const child = this.#children[slot]!;
      if (child === 0) {
        this.#setChild(slot, this.#add(words, length, value));
        this.size++;
        return NONE;
      }
      const common = this.#commonBits(child, words, Math.min(length, this.#lengths[child]!));
      if (common === this.#lengths[child]) {
        node = child;
        continue;
      }
      // The new prefix ends or forks off on the way to the child: a node is put in between.
      const childBit = this.#bitOf(child, common);
      const between = this.#add(words, common, common === length ? value : NONE);
      this.#setChild(slot, between);
      this.#setChild(2 * between + childBit, child);
      if (common < length) this.#setChild(2 * between + 1 - childBit, this.#add(words, length, value));
      this.size++;
      return NONE;
    }
  }

  lookup(address: AddressWords, found?: number[]): number {
    const bits = 32 * this.#words;
    let [node, best] = [0, NONE];
    for (;;) {
      const length = this.#lengths[node]!;
      if (this.#commonBits(node, address, length) < length) return best;
      const value = this.#values[node]!;
      if (value !== NONE) {
        best = value;
        found?.push(value);
      }
      if (length === bits) return best;
      node = this.#children[2 * node + bitAt(address, length)]!;
      if (node === 0) return best;
    }
  }

  #add(words: AddressWords, length: number, value: number): number {
    if (this.#count === this.#lengths.length) this.#grow();
    const node = this.#count++;
    for (let word = 0; word < this.#words; word++) {
      this.#bits[node * this.#words + word] = words[word]! & maskOf(length - 32 * word);
    }
    this.#lengths[node] = length;
    this.#values[node] = value;
    return node;
  }

  #setChild(slot: number, node: number): void {
    this.#children[slot] = node;
  }

  #grow(): void {
    const room = this.#lengths.length * 2;
    const [bits, lengths, values, children] = [this.#bits, this.#lengths, this.#values, this.#children];
    (this.#bits = new Uint32Array(room * this.#words)).set(bits);
    (this.#lengths = new Uint8Array(room)).set(lengths);
    (this.#values = new Int32Array(room).fill(NONE)).set(values);
    (this.#children = new Int32Array(room * 2)).set(children);
  }

  /** How many of the first `most` bits of the node are the address's. */
  #commonBits(node: number, address: AddressWords, most: number): number {
    const base = node * this.#words;
    for (let word = 0; 32 * word < most; word++) {
      const different = (this.#bits[base + word]! ^ address[word]!) >>> 0;
      if (different !== 0) return Math.min(most, 32 * word + Math.clz32(different));
    }
    return most;
  }

  #bitOf(node: number, at: number): number {
    return (this.#bits[node * this.#words + (at >>> 5)]! >>> (31 - (at & 31))) & 1;
  }
}

function bitAt(words: AddressWords, at: number): number {
  return (words[at >>> 5]! >>> (31 - (at & 31))) & 1;
}
