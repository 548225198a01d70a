import type { CdnBases } from './cdn-bases.ts';

/** How a manifest is handed on to one viewer. */
export interface Handover {
  /** where it was fetched: what is relative in it is so to this */
  url: URL;
  bases: CdnBases;
  /** ids of CDNs, the first choice first; at least one */
  pathways: readonly string[];
  /** absolute: where the player asks for the order of pathways; holds nothing that needs quoting in HLS */
  steeringUri: string;
  /** absolute: where the player gets this manifest again */
  location: string;
  /** what a session is taken to receive, for a playlist that does not say */
  nominalBps: number;
  /** what goes on to the URLs at the CDNs: `name=value&…`, percent-encoded, or '' */
  clientQuery: string;
}

export type HandoverOutcome =
  | { kind: 'manifest'; text: string }
  /** it cannot be handed on, and why */
  | { kind: 'unfit'; reason: string };
