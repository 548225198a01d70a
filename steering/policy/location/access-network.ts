import type { AddressWords } from '../../../topology/model/ip-address.ts';
import type { Subscriber } from './whereabouts.ts';

/** What is known of whose address it is. */
export interface NetworkFacts {
  subscriber?: Subscriber | undefined;
  asn: number | null;
  country: string | null;
}

/**
 * The network that carries a client's traffic: what happens to its viewers alone is its own doing. That of the topology; else
 * country and AS number; where neither is known, the country and the large block of addresses that the client is in.
 * Providers have several, and may share one, but most blocks of a country belong to others than the one that fails.
 */
export function accessNetworkOf({ subscriber, asn, country }: NetworkFacts, words: AddressWords): string {
  if (subscriber !== undefined) return subscriber.network;
  const [first = 0] = words;
  const block = words.length > 1 ? `v6-${first >>> 12}` : String(first >>> 24);
  return countryWide(country) + (asn === null ? block : `AS${asn}`);
}

/** As much of it as the place of a client tells: the network of the topology, or the country. */
export function placeNetworkOf(subscriber: Subscriber | null, country: string | null): string {
  return subscriber?.network ?? countryWide(country);
}

/** The same of a network that `accessNetworkOf` named. */
export function placeNetwork(network: string): string {
  // Networks of a topology have no slash in their names.
  return network.slice(0, network.indexOf('/') + 1) || network;
}

function countryWide(country: string | null): string {
  return `${country ?? 'unknown'}/`;
}
