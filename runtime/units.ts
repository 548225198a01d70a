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

/** What a flag takes, both ends included, each written as the flag's own value would be. */
export type Bounds = readonly [least: string, most: string];

interface Quantity {
  what: string;
  example: string;
  units: Record<string, number>;
}

const DURATION: Quantity = { what: 'a duration', example: '60s', units: DURATION_MS };
const SIZE: Quantity = { what: 'a size', example: '512MiB', units: SIZE_BYTES };
const RATE: Quantity = { what: 'a rate', example: '1Gbit/s', units: RATE_BPS };

/** `250ms`, `20s`, `10m`, `1h` → milliseconds. Beyond 596 h Node's timers fire at once. @throws BadInput naming the flag */
export function parseDuration(text: string, flag: string, bounds: Bounds = ['0ms', '500h']): number {
  // To the nanosecond: 1.005 s would else be 1004.9999999999999 ms.
  return Math.round(parseBounded(text, flag, DURATION, bounds) * 1e6) / 1e6;
}

/** `512MB` (decimal) or `512MiB` (binary) → bytes. @throws BadInput naming the flag */
export function parseBytes(text: string, flag: string, bounds: Bounds = ['1kB', '1000TB']): number {
  return Math.round(parseBounded(text, flag, SIZE, bounds));
}

/** `40Mbit/s`, `1Gbit/s` → bits per second. @throws BadInput naming the flag */
export function parseRate(text: string, flag: string, bounds: Bounds = ['1kbit/s', '10Tbit/s']): number {
  return Math.round(parseBounded(text, flag, RATE, bounds));
}

/** A whole number inside bounds. @throws BadInput naming the flag */
export function parseCount(text: string, flag: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new BadInput(`${flag}: "${text}" is not a whole number from ${least} to ${most}`);
  }
  return value;
}

function parseBounded(text: string, flag: string, quantity: Quantity, [least, most]: Bounds): number {
  const value = parseQuantity(text, flag, quantity);
  if (value >= parseQuantity(least, flag, quantity) && value <= parseQuantity(most, flag, quantity)) return value;
  throw new BadInput(`${flag}: "${text}" is not ${quantity.what} from ${least} to ${most}`);
}

function parseQuantity(text: string, flag: string, { what, example, units }: Quantity): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z/]+)$/.exec(text);
  const factor = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  if (!match || factor === undefined) {
    throw new BadInput(
      `${flag}: "${text}" is not ${what}; write a number and ${Object.keys(units).join(', ')}, for example ${example}`,
    );
  }
  return Number(match[1]) * factor;
}
