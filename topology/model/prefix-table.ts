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
  readonly #byText = new Map<string, number>();
  readonly #byPlace = new Map<string, number[]>();
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
      const text = `${formatAddress(words)}/${length}`;
      if (this.#byText.has(text)) return;
      this.#byText.set(text, at);
      this.#trie.insert(words, length, at);
      push(this.#byPlace, `${owner} ${metro}`, at);
      push(this.#byNetwork, owner, at);
    });
    this.#entries = entries;
  }

  /** @returns index of the longest prefix that covers the address; -1: none does, or the text is no address */
  find(address: string): number {
    const parsed = parseAddress(address);
    return parsed.kind === 'address' ? this.#trie.lookup(parsed.words) : -1;
  }

  lengthOf(prefix: number): number {
    return this.#entries[prefix]!.length;
  }

  isIpv4(prefix: number): boolean {
    return this.#entries[prefix]!.words.length === 1;
  }

  /** Prefixes of a network in a metro, or in all. */
  of(network: number, metro: string | null): readonly number[] {
    return (metro === null ? this.#byNetwork.get(network) : this.#byPlace.get(`${network} ${metro}`)) ?? [];
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
    return this.#byText.get(`${formatAddress(parsed.words)}/${parsed.length}`) ?? -1;
  }
}

function push<Key>(lists: Map<Key, number[]>, key: Key, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
