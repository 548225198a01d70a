import type { TopologyIndex } from './topology-index.ts';
import type { Link } from './topology.ts';

/** Pairs of ends in alphabetical order. */
const FITTING: Record<Link['kind'], { pairs: readonly string[]; rule: string }> = {
  access: { pairs: ['access network'], rule: 'access joins a network and its subscribers' },
  peering: {
    pairs: ['exchange site', 'exchange network', 'network network'],
    rule: 'peering joins a site or network and an exchange, or two networks',
  },
  private: { pairs: ['network site', 'network network'], rule: 'private joins a site and a network, or two networks' },
  transit: { pairs: ['network site', 'network network'], rule: 'transit leads from a site or network to a network' },
  backbone: { pairs: ['site site', 'region site'], rule: 'backbone joins two sites, or a site and a region' },
};

/**
 * Why a link's ends, which exist, are not for its kind; null when they are.
 * @param ours our own network
 */
export function misfitOf({ id, kind, from, to }: Link, index: TopologyIndex, ours: string | undefined): string | null {
  if (from === to) return `${id} leads from ${from} to itself`;
  const kinds = [from, to].map((end) => end.slice(0, end.indexOf(':')));
  const names = [from, to].map((end) => end.slice(end.indexOf(':') + 1));
  const fit = FITTING[kind];
  if (!fit.pairs.includes(kinds.toSorted().join(' '))) {
    return `${id} is of kind ${kind} and joins ${from} and ${to}; ${fit.rule}`;
  }
  if (kinds.some((end, at) => end === 'network' && names[at] === ours)) {
    return `${id} ends at ${ours}, our own network; links of ours end at sites`;
  }
  if (kind === 'access') {
    const [network, access] = kinds[0] === 'network' ? names : names.toReversed();
    return access!.startsWith(`${network}/`) ? null : `${id} joins ${network} with another network’s subscribers`;
  }
  return kind === 'transit' ? wrongDirection(id, kinds, names as [string, string], index) : null;
}

function wrongDirection(
  id: string,
  kinds: readonly string[],
  [buyer, seller]: readonly [string, string],
  index: TopologyIndex,
): string | null {
  if (kinds[1] !== 'network') return `${id} must lead from who buys to the network that sells; exchange from and to`;
  if (kinds[0] !== 'network') return null;
  const buysFrom = (network: string, other: string) =>
    index.topology.networks[index.networks.get(network)!]!.providers.includes(other);
  if (buysFrom(buyer, seller)) return null;
  return buysFrom(seller, buyer)
    ? `${id} must lead from who buys to who sells, and ${seller} buys from ${buyer}; exchange from and to`
    : `${id} is transit, and ${seller} is not among the providers of ${buyer}; add it there`;
}
