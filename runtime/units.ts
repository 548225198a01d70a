import { BadInput } from './bad-input.ts';

const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZE_BYTES: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const RATE_BPS: Record<string, number> = { 'bit/s': 1, 'kbit/s': 1e3, 'Mbit/s': 1e6, 'Gbit/s': 1e9, 'Tbit/s': 1e12 };

/** `250ms`, `20s`, `10m`, `1h` → milliseconds. @throws BadInput naming the flag */
export function parseDuration(text: string, flag: string): number {
  return parseQuantity(text, flag, DURATION_MS, 'a duration', '60s');
}

/** `512MB` (decimal) or `512MiB` (binary) → bytes. @throws BadInput naming the flag */
export function parseBytes(text: string, flag: string): number {
  return Math.round(parseQuantity(text, flag, SIZE_BYTES, 'a size', '512MiB'));
}

/** `40Mbit/s`, `1Gbit/s` → bits per second. @throws BadInput naming the flag */
export function parseRate(text: string, flag: string): number {
  return parseQuantity(text, flag, RATE_BPS, 'a rate', '1Gbit/s');
}

/** A whole number inside bounds. @throws BadInput naming the flag */
export function parseCount(text: string, flag: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new BadInput(`${flag}: "${text}" is not a whole number from ${least} to ${most}`);
  }
  return value;
}

function parseQuantity(
  text: string,
  flag: string,
  units: Record<string, number>,
  what: string,
  example: string,
): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z/]+)$/.exec(text);
  const factor = match ? units[match[2]!] : undefined;
  if (!match || factor === undefined) {
    throw new BadInput(
      `${flag}: "${text}" is not ${what}; write a number and ${Object.keys(units).join(', ')}, for example ${example}`,
    );
  }
  return Number(match[1]) * factor;
}
