/**
 * Why a server has its place in a ranking, in the words that answers, logs and metrics use (README: vocabulary).
 */

/** How its site lies to the client. */
export type PlaceReason =
  /** a coverage zone names the site for this client */
  | 'coverage-zone'
  /** no site is nearer */
  | 'nearest-site'
  | 'farther-site'
  /** the client's place is unknown: by distance from the stated default, */
  | 'default-place'
  /** or, where none is stated, the order of the sites file */
  | 'default-order'
  | 'same-country'
  /** how the client's network hears the site: inside it, */
  | 'embedded'
  /** by a private interconnect, */
  | 'private'
  /** by public peering, */
  | 'peering'
  /** or only through a transit network */
  | 'transit'
  /** the policies that others are compared with */
  | 'in-turn'
  | 'by-chance';

/** What the stable hash of client and content says inside the site. */
export type SpreadReason = 'owner' | 'stand-in';

/** What is known of the server itself. */
export type HealthReason =
  | 'healthy'
  /** its share of sessions grows again after a failure, a restart or a drain */
  | 'recovering'
  /** egress close to capacity */
  | 'busy'
  /** a share of its answers are 5xx */
  | 'errors'
  /** its event loop runs late */
  | 'late-loop'
  /** no report yet since steering started */
  | 'unheard'
  /** reports are late */
  | 'suspect'
  /** reports have begun again after it was down, not yet enough of them */
  | 'probation'
  | 'draining'
  /** reports have stopped */
  | 'down'
  /** they have, but probes or players reach it */
  | 'unreported'
  /** it does not answer probes, whatever it reports */
  | 'probe-fails'
  /** players of several networks tell of failures */
  | 'players-fail';

/** What becomes of this session there. */
export type ShareReason =
  /** it belongs to the share that a strained or recovering server hands to others */
  | 'turned-away'
  /** it belongs to the share of new sessions that goes on to the next rank while the server fills up */
  | 'spilled'
  /** its nominal bitrate does not fit in any more */
  | 'full'
  /** loaded above the mean of its site: the next of the ring is asked first */
  | 'over-bound'
  /** viewers of the client’s network fail at this site */
  | 'path-fails'
  /** it is one of the few that try whether what was turned away has recovered */
  | 'explored'
  | 'plays-here';

/** Why this one of other people’s CDNs. */
export type CdnReason =
  /** the session belongs to the share that weights alone decide */
  | 'by-weight'
  /** to the share that uses up its commitment in time */
  | 'commitment'
  /** or to the share that goes where the next GB costs least */
  | 'cheapest'
  /** used only where no other one can serve */
  | 'backup'
  /** the client is none that it serves */
  | 'outside-footprint';

export type Reason = PlaceReason | SpreadReason | HealthReason | ShareReason | CdnReason;
