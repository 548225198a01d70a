import type { Cdn, PriceTiers } from '../../../topology/model/cdns.ts';
import type { CdnOffer } from './cdn-footprints.ts';

/** Bytes of a GB and a TB on a bill. */
export const GB_BYTES = 1e9;
export const TB_BYTES = 1e12;

/** A megabit per second, all of a mean month (365.2425 ÷ 12 days) long. */
const GB_PER_MBPS_MONTH = ((1e6 / 8) * 86_400 * (365.2425 / 12)) / GB_BYTES;

/**
 * What the next GB costs a client of this class, after so much of the month. A price for the 95th percentile counts as if
 * traffic were even. A CDN without a price counts as dearer than all that have one.
 */
export function nextPricePerGB({ pricePerGB }: CdnOffer, { pricePerMbpsMonth }: Cdn, monthBytes: number): number {
  if (pricePerGB !== null) return tierPrice(pricePerGB, monthBytes);
  return pricePerMbpsMonth === undefined ? Infinity : pricePerMbpsMonth / GB_PER_MBPS_MONTH;
}

function tierPrice(price: number | PriceTiers, monthBytes: number): number {
  if (typeof price === 'number') return price;
  return price.find(({ upToTB = Infinity }) => monthBytes < upToTB * TB_BYTES)!.pricePerGB;
}

/** What a volume costs from the month's beginning on, tier by tier. */
export function volumeCost(price: number | PriceTiers, bytes: number): number {
  if (typeof price === 'number') return (bytes / GB_BYTES) * price;
  let cost = 0;
  let fromBytes = 0;
  for (const { upToTB = Infinity, pricePerGB } of price) {
    const inTier = Math.min(bytes, upToTB * TB_BYTES) - fromBytes;
    if (inTier <= 0) break;
    cost += (inTier / GB_BYTES) * pricePerGB;
    fromBytes += inTier;
  }
  return cost;
}
