import { formatAddress, parseAddress, parsePrefix, type AddressWords } from './ip-address.ts';
import { PrefixTrie } from './prefix-trie.ts';
import type { TopologyIndex } from './topology-index.ts';

interface Entry {
  readonly words: AddressWords;
  readonly length: number;
  readonly network: number;
}

/** The prefixes of a topology, by address, by text, and by whose they are. Of two with one text the first counts. */
export class PrefixTable {
  readonly #entries: readonly Entry[];
  readonly #trie = new PrefixTrie();
  /** made when first asked for: writing addresses takes longer than all else */
  #byText: ReadonlyMap<string, number> | null = null;
  /** by network, then by metro */
  readonly #byPlace = new Map<number, Map<string, number[]>>();
  readonly #byNetwork = new Map<number, number[]>();

  /** A prefix that cannot be read is passed over; `check` speaks of it. */
  constructor(index: TopologyIndex) {
    const entries: Entry[] = [];
    index.topology.prefixes.forEach(({ prefix, network, metro }, at) => {
      const owner = index.networks.get(network) ?? -1;
      const parsed = parsePrefix(prefix);
      if (parsed.kind === 'bad') {
        entries.push({ words: [0], length: 0, network: owner });
        return;
      }
      const { words, length } = parsed;
      entries.push({ words, length, network: owner });
      const before = this.#trie.insert(words, length, at);
      if (before >= 0) {
        this.#trie.insert(words, length, before);
        return;
      }
      let places = this.#byPlace.get(owner);
      if (places === undefined) this.#byPlace.set(owner, (places = new Map<string, number[]>()));
      push(places, metro, at);
      push(this.#byNetwork, owner, at);
    });
    this.#entries = entries;
  }

  /** @returns index of the longest prefix that covers the address; -1: none does, or the text is no address */
  find(address: string): number {
    const parsed = parseAddress(address);
    return parsed.kind === 'address' ? this.lookup(parsed.words) : -1;
  }

  /** The same for an address that was read already. */
  lookup(words: AddressWords): number {
    return this.#trie.lookup(words);
  }

  lengthOf(prefix: number): number {
    return this.#entries[prefix]!.length;
  }

  isIpv4(prefix: number): boolean {
    return this.#entries[prefix]!.words.length === 1;
  }

  /** Prefixes of a network in a metro, or in all. */
  of(network: number, metro: string | null): readonly number[] {
    return (metro === null ? this.#byNetwork.get(network) : this.#byPlace.get(network)?.get(metro)) ?? [];
  }

  /** The prefix and those around it that are of the same network: whatever was heard of them leads there. */
  coveringSameNetwork(prefix: number): number[] {
    const { words, length, network } = this.#entries[prefix]!;
    return this.#trie
      .covering(words)
      .filter((other) => this.#entries[other]!.length <= length && this.#entries[other]!.network === network);
  }

  /** Those of the texts that are prefixes of the topology. */
  indexesOf(texts: readonly string[]): Set<number> {
    const indexes = new Set<number>();
    for (const text of texts) {
      const at = this.indexOf(text);
      if (at >= 0) indexes.add(at);
    }
    return indexes;
  }

  /** @returns -1 for what is no prefix of the topology */
  indexOf(text: string): number {
    const parsed = parsePrefix(text);
    if (parsed.kind === 'bad') return -1;
    return this.#texts().get(textOf(parsed.words, parsed.length)) ?? -1;
  }

  #texts(): ReadonlyMap<string, number> {
    if (this.#byText !== null) return this.#byText;
    const texts = new Map<string, number>();
    for (const prefixes of this.#byNetwork.values()) {
      for (const at of prefixes) texts.set(textOf(this.#entries[at]!.words, this.#entries[at]!.length), at);
    }
    this.#byText = texts;
    return texts;
  }
}

function textOf(words: AddressWords, length: number): string {
  return `${formatAddress(words)}/${length}`;
}

function push<Key>(lists: Map<Key, number[]>, key: Key, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
