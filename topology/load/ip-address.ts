import { isIP } from 'node:net';

const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * One text for one address: IPv6 in its shortest form (RFC 5952) without a zone, an IPv4-mapped address (RFC 4291
 * §2.5.5.2) as the IPv4 address it stands for.
 * @returns null when the text is no address
 */
export function canonicalAddress(text: string): string | null {
  const version = isIP(text);
  if (version === 4) return text;
  if (version !== 6) return null;
  const bare = text.replace(/%.*$/, '');
  const address = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = MAPPED.exec(address);
  return mapped ? dotted(parseInt(mapped[1]!, 16) * 0x10000 + parseInt(mapped[2]!, 16)) : address;
}

/** An unsigned 32-bit integer as an IPv4 address. */
export function dotted(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
