/**
 * Why a server has its place in a ranking, in the words that answers, logs and metrics use (README: vocabulary).
 */

/** How its site lies to the client. */
export type PlaceReason =
  /** no site is nearer */
  | 'nearest-site'
  | 'farther-site'
  /** the client's country is unknown: the order of the sites file */
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
  | 'down';

/** This session belongs to the share that a strained or recovering server hands to others. */
export type ShareReason = 'turned-away';

export type Reason = PlaceReason | SpreadReason | HealthReason | ShareReason;
