import type { Position } from '../../../topology/model/site.ts';
import { KeptByUse } from '../kept-by-use.ts';

/** What a client was located by, the surest first; `default` is what the operator stated for everybody else, or nothing. */
export const LOCATED_BY = ['prefix', 'asn', 'city', 'country', 'default'] as const;
export type LocatedBy = (typeof LOCATED_BY)[number];

export interface Subscriber {
  readonly network: string;
  readonly metro: string;
}

/** The sites that a coverage zone names, as indices into the sites file. */
export interface ZoneSites {
  readonly id: string;
  /** in order of preference; may be empty where the position alone is told */
  readonly sites: readonly number[];
  /** no others */
  readonly only: boolean;
  /** the others come by distance from here, instead of as they would without the zone */
  readonly position: Position | null;
}

/**
 * Where clients are, as far as their order of sites depends on it. Who locates them makes one object for all clients of a
 * place, and orders are kept by that object, so that asking for one costs a look-up and no text.
 */
export interface Whereabouts {
  readonly by: LocatedBy;
  /** ISO 3166-1, or null when it is unknown */
  readonly country: string | null;
  readonly subscriber: Subscriber | null;
  /** of the metro, or of a cell of the grid; null: the country's */
  readonly position: Position | null;
  readonly zone: ZoneSites | null;
}

/** Positions are rounded to cells, for cities are many and their databases not exact: 55 km of latitude, less of longitude. */
const CELL_DEGREES = 0.5;
const COLUMNS = 360 / CELL_DEGREES;
const ROWS = 180 / CELL_DEGREES;
export const CELLS = COLUMNS * ROWS;

/** @returns the number of the cell, below `CELLS` */
export function cellOf({ latitude, longitude }: Position): number {
  const row = Math.min(ROWS - 1, Math.floor((latitude + 90) / CELL_DEGREES));
  // 180° east is 180° west.
  const column = Math.floor((longitude + 180) / CELL_DEGREES) % COLUMNS;
  return row * COLUMNS + column;
}

export function centreOf(cell: number): Position {
  const row = Math.floor(cell / COLUMNS);
  return {
    latitude: (row + 0.5) * CELL_DEGREES - 90,
    longitude: ((cell % COLUMNS) + 0.5) * CELL_DEGREES - 180,
  };
}

/** Some megabytes; more places than any topology or city database has people in at one time. */
const PLACES_MAX = 65_536;

/** One object for each place that clients were found at, by all that tells places apart. */
export class WhereaboutsTable {
  readonly #places = new KeptByUse<string, Whereabouts>(PLACES_MAX);

  /** @returns the object that was given for the same before, if it is still kept */
  same(place: Whereabouts): Whereabouts {
    const key = keyOf(place);
    const before = this.#places.get(key);
    // A zone is another one when its file was read anew.
    if (before !== undefined && before.zone === place.zone) return before;
    this.#places.set(key, place);
    return place;
  }
}

function keyOf({ by, country, subscriber, position, zone }: Whereabouts): string {
  const network = subscriber === null ? '' : `${subscriber.network}/${subscriber.metro}`;
  const point = position === null ? '' : `${position.latitude},${position.longitude}`;
  return `${by} ${country ?? ''} ${network} ${point} ${zone === null ? '' : zone.id}`;
}
