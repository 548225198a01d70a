/**
 * IP addresses and prefixes in text (RFC 4291 §2.2 and §2.3, RFC 4632 §3.1), read strictly: what inet_aton would guess at
 * is refused. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the IPv4 address it stands for.
 */

/** Unsigned 32-bit integers, most significant first: one for IPv4, four for IPv6. */
export type AddressWords = readonly number[];

export type ParsedAddress = { kind: 'address'; words: AddressWords } | { kind: 'bad'; reason: string };
export type ParsedPrefix = { kind: 'prefix'; words: AddressWords; length: number } | { kind: 'bad'; reason: string };

const MAPPED_BITS = 96;

export function parseAddress(text: string): ParsedAddress {
  const words = text.includes(':') ? ipv6Words(text) : ipv4Words(text);
  if (typeof words === 'string') return { kind: 'bad', reason: words };
  return { kind: 'address', words: isMapped(words) ? [words[3]!] : words };
}

/** `192.0.2.0/24`, `2001:db8::/32`: the bits after the prefix must be zero. A prefix of mapped addresses is one of IPv4. */
export function parsePrefix(text: string): ParsedPrefix {
  const slash = text.indexOf('/');
  if (slash < 0) return { kind: 'bad', reason: 'has no length, write for example 192.0.2.0/24' };
  const address = text.slice(0, slash);
  const digits = text.slice(slash + 1);
  const words = address.includes(':') ? ipv6Words(address) : ipv4Words(address);
  if (typeof words === 'string') return { kind: 'bad', reason: words };
  const most = words.length * 32;
  const length = /^(?:0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(length <= most)) return { kind: 'bad', reason: `length "${digits}" is not a whole number from 0 to ${most}` };
  const network = words.map((word, index) => (word & maskOf(length - 32 * index)) >>> 0);
  if (network.some((word, index) => word !== words[index])) {
    return { kind: 'bad', reason: `has bits after its length, did you mean ${formatAddress(network)}/${length}?` };
  }
  if (isMapped(words) && length >= MAPPED_BITS)
    return { kind: 'prefix', words: [words[3]!], length: length - MAPPED_BITS };
  return { kind: 'prefix', words, length };
}

/** IPv4 dotted, IPv6 in its shortest form (RFC 5952). */
export function formatAddress(words: AddressWords): string {
  return words.length === 1 ? dotted(words[0]!) : shortest(words);
}

/**
 * One text for one address: IPv6 in its shortest form without a zone, an IPv4-mapped one as IPv4.
 * @returns null when the text is no address
 */
export function canonicalAddress(text: string): string | null {
  const zone = text.includes(':') ? text.indexOf('%') : -1;
  if (zone === text.length - 1 && zone >= 0) return null;
  const parsed = parseAddress(zone < 0 ? text : text.slice(0, zone));
  return parsed.kind === 'address' ? formatAddress(parsed.words) : null;
}

/** An unsigned 32-bit integer as an IPv4 address. */
export function dotted(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The first `bits` bits of a word, of which there may be none or more than it has. */
export function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

function isMapped(words: AddressWords): boolean {
  return words.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** @returns the word, or why the text is none */
function ipv4Words(text: string): number[] | string {
  let value = 0;
  let parts = 0;
  let part = -1;
  let digits = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0x2e;
    if (code === 0x2e) {
      if (part < 0) return 'is no address: an IPv4 address is four numbers with dots between them';
      value = value * 256 + part;
      parts++;
      part = -1;
      digits = 0;
    } else if (code >= 0x30 && code <= 0x39) {
      if (digits > 0 && part === 0) return 'has a number with a leading zero, which some programs read as octal';
      part = (part < 0 ? 0 : part * 10) + code - 0x30;
      digits++;
      if (part > 255) return 'has a number above 255';
    } else {
      return 'is no address: an IPv4 address is four numbers with dots between them';
    }
  }
  return parts === 4 ? [value] : `has ${parts} numbers, an IPv4 address has four`;
}

/** @returns the four words, or why the text is none */
function ipv6Words(text: string): number[] | string {
  const halves = text.split('::');
  if (halves.length > 2) return 'has "::" twice';
  const groups: number[][] = [];
  for (const [at, half] of halves.entries()) {
    const read = half === '' ? [] : ipv6Groups(half, at === halves.length - 1);
    if (typeof read === 'string') return read;
    groups.push(read);
  }
  const [before, after] = [groups[0]!, groups[1] ?? []];
  const missing = 8 - before.length - after.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) {
    return `has ${8 - missing} groups of 16 bits, an IPv6 address has eight`;
  }
  const all = [...before, ...Array.from<number>({ length: missing }).fill(0), ...after];
  return [0, 2, 4, 6].map((at) => all[at]! * 0x10000 + all[at + 1]!);
}

function ipv6Groups(text: string, last: boolean): number[] | string {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16));
    } else if (last && at === parts.length - 1 && part.includes('.')) {
      const word = ipv4Words(part);
      if (typeof word === 'string') return word;
      groups.push(word[0]! >>> 16, word[0]! & 0xffff);
    } else {
      return 'is no address: an IPv6 address is groups of up to four hexadecimal digits with colons between them';
    }
  }
  return groups;
}

function shortest(words: AddressWords): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let [best, bestLength] = [-1, 1];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > bestLength) [best, bestLength] = [from, to - from];
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}
