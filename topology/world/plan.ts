import type { Link } from '../model/topology.ts';
import type { City, ExchangeCity } from './world-data.ts';

/** A world while it is being made; indexes point into the plan’s own lists. */

export interface MetroPlan extends City {
  /** persons for whom this is the nearest metro of their country; population is the same number */
  readonly catchment: number;
}

export interface ExchangePlan extends ExchangeCity {
  readonly metro: number;
  /** how many sites of ours stand there */
  readonly siteCount: number;
}

export interface NetworkPlan {
  readonly id: string;
  readonly asn: number;
  readonly name: string;
  readonly kind: 'isp' | 'transit' | 'cdn';
  readonly country: string | null;
  /** index into MARKET_GROUPS; -1: everywhere */
  readonly group: number;
  /** all its subscribers */
  readonly lines: number;
  /** country → lines */
  readonly linesIn: ReadonlyMap<string, number>;
  /** many small networks counted as one: cannot house a site */
  readonly composite: boolean;
  readonly providers: number[];
  readonly peers: Set<number>;
  /** exchanges where it has a port */
  readonly exchanges: number[];
}

export interface AccessPlan {
  readonly network: number;
  readonly metro: number;
  readonly lines: number;
}

export interface SitePlan {
  readonly id: string;
  readonly metro: number;
  readonly kind: 'ix' | 'embedded';
  /** of an ix site */
  readonly exchange: number;
  /** of an embedded site */
  readonly host: number;
  /** networks joined to it alone */
  readonly privates: number[];
  /** networks it buys from */
  readonly transits: number[];
}

/** Something that may be full: a link by its two ends and kind, before it has a capacity. */
export interface LinkPlan {
  readonly id: string;
  readonly kind: Link['kind'];
  readonly from: string;
  readonly to: string;
  readonly latencyMs?: number;
  readonly price: number;
}
