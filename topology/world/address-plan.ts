import type { Prefix } from '../model/topology.ts';
import type { Chance } from './chance.ts';

/**
 * Addresses for a made-up world. IPv4: blocks of ordinary unicast space, for what looks addresses up must meet the
 * numbers it will meet; they say nothing of who has them. Left out: every /8 with something special in it (RFC 6890:
 * private, loopback, shared, link-local, documentation, benchmarks). IPv6: out of 3fff::/20, which is for documentation
 * (RFC 9637) and large enough.
 */
const SPECIAL = new Set([10, 100, 127, 169, 172, 192, 198, 203]);
const FIRST_OCTETS = Array.from({ length: 223 }, (_, index) => index + 1).filter((octet) => !SPECIAL.has(octet));

const SLASH_8 = 2 ** 24;
const SLASH_24 = 2 ** 8;
/** A line of IPv6 gets a /56, a prefix is never longer than /48: what is longer is not announced. */
const LINES_IN_A_48 = 2 ** 8;

/**
 * One address a line, in blocks that are powers of two: at most half as many again as needed.
 * @returns for each access its IPv4 prefixes and one of IPv6, in order of the accesses
 */
export function carvePrefixes(
  access: readonly { network: string; metro: string; subscribers: number }[],
  chance: Chance,
): Prefix[] {
  const octets = FIRST_OCTETS.map((octet) => ({ octet, lot: chance.uniform(`octet ${octet}`) }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ octet }) => octet);
  const four = carve(access.map(({ subscribers }) => blocksOf(subscribers)));
  const six = carve(access.map(({ subscribers }) => [powerFor(subscribers / LINES_IN_A_48)]));
  return access.flatMap(({ network, metro }, index) =>
    [
      ...four[index]!.map(({ start, size }) => ipv4(octets[Math.floor(start / SLASH_8)]!, start % SLASH_8, size)),
      ...six[index]!.map(({ start, size }) => ipv6(start, size)),
    ].map((prefix) => ({ prefix, network, metro })),
  );
}

/** Of the largest power of two in it; exact, unlike a logarithm. */
function exponentOf(count: number): number {
  return 31 - Math.clz32(count);
}

/** The least power of two that is enough. */
function powerFor(count: number): number {
  return count <= 1 ? 1 : 2 ** (exponentOf(Math.ceil(count) - 1) + 1);
}

function blocksOf(lines: number): number[] {
  const blocks = Array.from({ length: Math.floor(lines / SLASH_8) }, () => SLASH_8);
  const left = lines % SLASH_8;
  if (left === 0) return blocks;
  if (left <= SLASH_24) return [...blocks, SLASH_24];
  const power = 2 ** exponentOf(left);
  if (left === power) return [...blocks, power];
  const half = power / 2;
  return left <= power + half && half >= SLASH_24 ? [...blocks, power, half] : [...blocks, 2 * power];
}

/** Lays blocks one behind the other, the largest first, so that each lies on a multiple of its size. */
function carve(wanted: readonly (readonly number[])[]): { start: number; size: number }[][] {
  const laid: { start: number; size: number }[][] = wanted.map(() => []);
  const order = wanted
    .flatMap((sizes, index) => sizes.map((size) => ({ size, index })))
    .sort((a, b) => b.size - a.size || a.index - b.index);
  let start = 0;
  for (const { size, index } of order) {
    laid[index]!.push({ start, size });
    start += size;
  }
  return laid;
}

function ipv4(octet: number, start: number, size: number): string {
  return `${octet}.${start >> 16}.${(start >> 8) & 255}.${start & 255}/${32 - exponentOf(size)}`;
}

/** @param start and size in /48 of 3fff::/20 */
function ipv6(start: number, size: number): string {
  const [second, third] = [Math.floor(start / 65536).toString(16), (start % 65536).toString(16)];
  const address = third !== '0' ? `3fff:${second}:${third}::` : second !== '0' ? `3fff:${second}::` : '3fff::';
  return `${address}/${48 - exponentOf(size)}`;
}
