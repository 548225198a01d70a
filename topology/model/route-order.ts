import { REACHES, type Reach, type Route } from './topology.ts';

/** What an announcement without a local preference of its own gets, so that the default order of reaches follows. */
export const DEFAULT_LOCAL_PREFERENCE: Readonly<Record<Reach, number>> = {
  embedded: 400,
  private: 300,
  peering: 200,
  transit: 100,
};

/** The nearest first. */
export const REACH_ORDER = Object.fromEntries(REACHES.map((reach, at) => [reach, at])) as Record<Reach, number>;

/**
 * The better route first (reference: live delivery §4; BGP's order, RFC 4271 §9.1.2.2): the longer prefix, the higher
 * local preference, the nearer reach, the shorter AS path, the lower MED (compared between all neighbours, as with
 * `always-compare-med`), the lower latency.
 */
export function compareRoutes(a: Omit<Route, 'links'>, b: Omit<Route, 'links'>): number {
  return (
    b.prefixLength - a.prefixLength ||
    b.localPreference - a.localPreference ||
    REACH_ORDER[a.reach] - REACH_ORDER[b.reach] ||
    a.asPath.length - b.asPath.length ||
    a.med - b.med ||
    a.oneWayMs - b.oneWayMs
  );
}
