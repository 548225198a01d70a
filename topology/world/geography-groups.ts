import { distanceKm } from '../model/geography.ts';
import type { Position } from '../model/site.ts';
import type { Region } from '../model/topology.ts';

/** Where cloud providers have their large regions; names are generic. The first is used first. */
export const CLOUD_REGIONS: readonly Region[] = [
  { id: 'us-east', name: 'Virginia', country: 'US', latitude: 39.04, longitude: -77.49 },
  { id: 'us-west', name: 'Oregon', country: 'US', latitude: 45.84, longitude: -119.7 },
  { id: 'eu-west', name: 'Ireland', country: 'IE', latitude: 53.34, longitude: -6.27 },
  { id: 'ap-southeast', name: 'Singapore', country: 'SG', latitude: 1.35, longitude: 103.82 },
  { id: 'sa-east', name: 'São Paulo', country: 'BR', latitude: -23.55, longitude: -46.63 },
];

/** Countries that buy from the same regional carriers, at prices of the same order. */
export interface MarketGroup extends Position {
  readonly id: string;
  readonly name: string;
  /** US dollars a Mbit/s and month: the order of public price surveys of the 2020s, an assumption */
  readonly transitPrice: number;
}

export const MARKET_GROUPS: readonly MarketGroup[] = [
  { id: 'eu', name: 'Europe', latitude: 50, longitude: 10, transitPrice: 0.1 },
  { id: 'na', name: 'North America', latitude: 40, longitude: -95, transitPrice: 0.12 },
  { id: 'ca', name: 'Central America and Caribbean', latitude: 16, longitude: -82, transitPrice: 1.5 },
  { id: 'sa', name: 'South America', latitude: -15, longitude: -58, transitPrice: 1.2 },
  { id: 'cis', name: 'Eastern Europe and Central Asia', latitude: 53, longitude: 52, transitPrice: 0.5 },
  { id: 'me', name: 'Middle East', latitude: 29, longitude: 42, transitPrice: 2 },
  { id: 'af', name: 'Africa', latitude: 2, longitude: 18, transitPrice: 4 },
  { id: 'sas', name: 'South Asia', latitude: 22, longitude: 78, transitPrice: 1.2 },
  { id: 'eas', name: 'East Asia', latitude: 34, longitude: 120, transitPrice: 0.9 },
  { id: 'sea', name: 'South-East Asia', latitude: 6, longitude: 108, transitPrice: 1.1 },
  { id: 'oc', name: 'Oceania', latitude: -29, longitude: 152, transitPrice: 1.6 },
];

/** Index of the place nearest to a position; the first of equals. */
export function nearest(position: Position, places: readonly Position[]): number {
  let best = 0;
  for (let index = 1; index < places.length; index++) {
    if (distanceKm(position, places[index]!) < distanceKm(position, places[best]!)) best = index;
  }
  return best;
}
