import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList } from 'node:net';

/** What is no host of the Internet at large (IANA's special-purpose registries, RFC 6890). */
const PRIVATE = new BlockList();
for (const [address, length] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(address, length, 'ipv4');
}
for (const [address, length] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(address, length, 'ipv6');
}

export function isPrivateAddress(address: string, family: number): boolean {
  // An IPv4-mapped address is the IPv4 address; BlockList sees that by itself.
  return PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** `code` of the error for a name that leads nowhere else. */
export const REFUSED_AS_PRIVATE = 'EPRIVATE';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
export type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

/**
 * Looks names up for outgoing connections; addresses in URLs are not looked up, so those of the file are always allowed.
 * Whoever runs the name server of a host in the file must not get to what only this machine can reach.
 * @param resolve for tests
 */
export function guardedLookup(allowPrivate: boolean, resolve: Lookup = lookup): Lookup {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, options.all ? [] : '', 0);
      const addresses = found as LookupAddress[];
      const fits = (one: LookupAddress) =>
        allowPrivate || hostname === 'localhost' || !isPrivateAddress(one.address, one.family);
      const allowed = addresses.filter(fits);
      const [first] = allowed;
      if (first === undefined) {
        const message = `${hostname} resolves to ${addresses[0]?.address ?? 'nothing'}, a private address (privateAddresses: true allows it)`;
        return callback(Object.assign(new Error(message), { code: REFUSED_AS_PRIVATE }), options.all ? [] : '', 0);
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
