import { formatAddress, parsePrefix } from './ip-address.ts';

/**
 * An address of a prefix by chance.
 * @param uniform draws a number of [0, 1)
 * @throws Error when it is no prefix
 */
export function addressIn(prefix: string, uniform: () => number): string {
  const parsed = parsePrefix(prefix);
  if (parsed.kind === 'bad') throw new Error(`${prefix} ${parsed.reason}`);
  const words = parsed.words.map((word, index) => {
    const fixed = Math.min(32, Math.max(0, parsed.length - 32 * index));
    return word + Math.floor(uniform() * 2 ** (32 - fixed));
  });
  return formatAddress(words);
}
