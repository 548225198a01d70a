import type { Subscriber } from './whereabouts.ts';

/**
 * The network that carries a client's traffic, as far as it is known: what happens to its viewers alone is its own doing.
 * Without a network the country stands for it, which is coarse, but tells a site's failure from that of a whole country.
 */
export function accessNetworkOf(subscriber: Subscriber | null | undefined, country: string | null): string {
  return subscriber?.network ?? `country/${country ?? 'unknown'}`;
}
