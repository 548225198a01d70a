import type { Scenario } from '../scenarios/scenario.ts';

/**
 * `result.json`: what one simulation found. Stable: fields are added, never renamed or removed, while `schema` stays the
 * same. The same scenario, seed and version give the same bytes: nothing in it depends on the machine or the time of day.
 * All of it is simulated. Rates are bits per second, times are seconds of simulated time or milliseconds as named; a
 * value that nothing was measured for is null.
 */
export interface SimulationResult {
  schema: 'undercard-result/1';
  /** of undercard */
  version: string;
  /** as it was run: every default filled in, every override applied */
  scenario: Scenario;
  seed: number;
  /** end: it ran to its end. interrupted: somebody stopped it. check: an invariant broke. */
  ended: { atSeconds: number; reason: 'end' | 'interrupted' | 'check' };
  world: WorldSummary;
  /** what the model leaves out or takes for granted, in sentences */
  assumptions: string[];
  summary: Summary;
  /** edge, shield, origin */
  tiers: Tier[];
  distributions: {
    startupMs: Distribution;
    /** camera to screen, mean of each session */
    latencyMs: Distribution;
    /** mean of each session */
    bitrateBps: Distribution;
    /** share of each session's time from its first picture on that it stood still */
    stallRatio: Distribution;
  };
  isps: Isp[];
  sites: SiteResult[];
  /** of a rehearsal of other people’s CDNs (`--cdns`); their sites and servers stand in the other tables */
  cdns?: CdnResult[];
  servers: ServerResult[];
  /** those that carried something, the fullest first */
  links: LinkResult[];
  /** who sent to whom, by pairs of places, the largest first */
  arcs: Arc[];
  faults: FaultMark[];
  series: Series;
  checks: CheckResult[];
}

export interface WorldSummary {
  name: string;
  synthetic: boolean;
  metros: number;
  networks: number;
  exchanges: number;
  sites: number;
  embeddedSites: number;
  servers: number;
  links: number;
  subscribers: number;
  /** sum of what all edges can send */
  edgeCapacityBps: number;
}

export interface Summary {
  arrived: number;
  peakPresent: number;
  /** sessions begun: a reload is another one */
  sessions: number;
  reloads: number;
  /** viewers who left because no number of reloads helped */
  gaveUp: number;
  /** viewers who saw no picture in any of their sessions */
  neverPlayed: number;
  startupP50Ms: number | null;
  startupP95Ms: number | null;
  /** time stood still over time from the first picture on, all viewers together */
  stallRatio: number;
  /** share of the viewers whose picture stood still at least once */
  viewersStalledShare: number;
  meanBitrateBps: number | null;
  latencyP50Ms: number | null;
  latencyP95Ms: number | null;
  renditionSwitches: number;
  serverSwitches: number;
  failures: Record<string, number>;
  /** segments that viewers asked for */
  segmentRequests: number;
  /** requests that edge and shield machines were called with */
  machineRequests: number;
  deliveredBytes: number;
  peakEgressBps: number;
  /** share of the edges' bytes that they had not to fetch from above their site */
  edgeOffload: number;
  /** the same of edges and shields together, against the origin */
  originOffload: number;
  originRequests: number;
  originPeakRequestsPerSecond: number;
  originPeakBps: number;
  steeringDecisions: number;
  /** bytes to viewers from the best site of their network, and not */
  rank0Share: number;
  healthMissBytes: number;
  contentMissBytes: number;
  /** of the links that we pay for, at the run's 95th percentile of one-minute means, as if it were the month's */
  costUsdMonth: number;
  /** of those that other networks pay for */
  othersCostUsdMonth: number;
  /** what was fullest, in sentences, the worst first; empty when nothing was near its limit */
  bottlenecks: Bottleneck[];
  /** the ISP whose viewers lost most against everybody's; null when none stands out */
  losingIsp: { id: string; text: string } | null;
}

export interface Bottleneck {
  kind: 'link' | 'server' | 'origin';
  id: string;
  peakUtilisation: number;
  /** seconds above 95 % */
  fullSeconds: number;
  text: string;
}

export interface Tier {
  tier: 'edge' | 'shield' | 'origin';
  nodes: number;
  requests: number;
  hits: number;
  staleHits: number;
  collapsed: number;
  misses: number;
  passes: number;
  refused: number;
  fills: number;
  fillsFailed: number;
  leadersReplaced: number;
  /** bodies sent, and received from above or beside */
  sentBytes: number;
  filledBytes: number;
  /** hits of all kinds over hits, collapsed and misses */
  hitRatio: number | null;
  /** 1 − bytes filled from above over bytes sent below */
  offload: number | null;
}

/** Quantiles are exact, by sorting; the histogram has equal steps from `low` to `high`, its last step open. */
export interface Distribution {
  count: number;
  mean: number | null;
  p5: number | null;
  p25: number | null;
  p50: number | null;
  p75: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
  histogram: { low: number; high: number; counts: number[] };
}

export interface Isp {
  id: string;
  name: string;
  asn: number;
  country: string | null;
  viewers: number;
  sessions: number;
  bytes: number;
  peakBps: number;
  /** bytes by how the serving site reaches it */
  embeddedBytes: number;
  privateBytes: number;
  peeringBytes: number;
  transitBytes: number;
  rank0Bytes: number;
  healthMissBytes: number;
  contentMissBytes: number;
  startupP50Ms: number | null;
  startupP95Ms: number | null;
  stallRatio: number;
  meanBitrateBps: number | null;
  latencyP50Ms: number | null;
  /** sessions without a picture */
  neverPlayed: number;
  /** its share of what we pay for the links that its viewers' bytes came over */
  costUsdMonth: number;
  /** what it pays itself for links of its own */
  ownCostUsdMonth: number;
}

export interface SiteResult {
  id: string;
  kind: 'ix' | 'embedded';
  metro: string;
  /** of an embedded one, its host */
  network: string | null;
  country: string;
  latitude: number;
  longitude: number;
  servers: number;
  capacityBps: number;
  sentBytes: number;
  peakBps: number;
  peakUtilisation: number;
  hitRatio: number | null;
  filledFromAboveBytes: number;
}

/** One of other people’s CDNs. Money is in the currency of the file. */
export interface CdnResult {
  id: string;
  sites: number;
  /** rankings that named it first */
  firstChoices: number;
  deliveredBytes: number;
  deliveredShare: number;
  /** what steering took it to deliver, by sessions and their stated bitrate */
  estimatedBytes: number;
  /** mean of the busiest step of the series */
  peakBps: number;
  maxBps: number | null;
  /** at the prices of the file, as if nothing were prepaid; a price for a 95th percentile as if traffic were even */
  cost: number | null;
  /** what its commitment asks for in the time of the run; null without one */
  owedBytes: number | null;
  /** delivered over owed */
  owedShare: number | null;
  /** sessions that got most of their bytes from it; the rest is about these */
  sessions: number;
  stallRatio: number;
  /** of these sessions, those that stood still at least once */
  stalledShare: number;
  meanBitrateBps: number | null;
}

export interface ServerResult {
  id: string;
  site: string;
  role: 'edge' | 'shield' | 'origin';
  capacityBps: number;
  sentBytes: number;
  peakBps: number;
  /** of the capacity that it had at that moment */
  peakUtilisation: number;
  /** of its whole capacity */
  meanUtilisation: number;
  requests: number;
  hitRatio: number | null;
  /** busiest second, over all cores */
  peakCpuShare: number;
}

export interface LinkResult {
  id: string;
  kind: 'access' | 'peering' | 'private' | 'transit' | 'backbone';
  from: string;
  to: string;
  /** of the fuller direction */
  direction: 'forth' | 'back';
  capacityBps: number;
  /** both directions */
  bytes: number;
  peakBps: number;
  p95Bps: number;
  /** of the capacity that it had at that moment */
  peakUtilisation: number;
  /** seconds above 95 % */
  fullSeconds: number;
  /** the end that is written first pays */
  costUsdMonth: number;
  paidBy: 'us' | 'others';
}

export interface Arc {
  kind: 'delivery' | 'fill' | 'origin';
  from: ArcEnd;
  to: ArcEnd;
  bytes: number;
  /** mean of the busiest step of the series */
  peakBps: number;
}

export interface ArcEnd {
  /** of a metro or region */
  name: string;
  latitude: number;
  longitude: number;
}

export interface FaultMark {
  kind: string;
  /** what it strikes, for people */
  target: string;
  fromSeconds: number;
  /** null: to the end */
  untilSeconds: number | null;
  text: string;
}

/** Time series: `timesSeconds[i]` ends the step that the i-th values are of. CSV files have the same steps. */
export interface Series {
  stepSeconds: number;
  timesSeconds: number[];
  present: number[];
  playing: number[];
  stalled: number[];
  starting: number[];
  arrivals: number[];
  reloads: number[];
  /** mean of what plays, nominal; null where nobody does */
  bitrateBps: (number | null)[];
  edgeBps: number[];
  shieldBps: number[];
  originBps: number[];
  edgeRequestsPerSecond: number[];
  shieldRequestsPerSecond: number[];
  originRequestsPerSecond: number[];
  edgeHitRatio: (number | null)[];
  shieldHitRatio: (number | null)[];
  edgeFillsPerSecond: number[];
  edgeCollapsedPerSecond: number[];
  failuresPerSecond: number[];
  serverSwitchesPerSecond: number[];
  rank0Bps: number[];
  healthMissBps: number[];
  contentMissBps: number[];
  /** utilisation 0 to 1 (mean of the step), one row each; the fullest at their peak, at most 200 servers and 100 links */
  servers: { ids: string[]; utilisation: number[][] };
  links: { ids: string[]; utilisation: number[][] };
  sites: { ids: string[]; bps: number[][]; utilisation: number[][] };
  /** the largest 20, and the one that lost most */
  isps: { ids: string[]; bps: number[][]; stalledShare: number[][] };
}

export interface CheckResult {
  name: string;
  ok: boolean;
  /** how often it was looked at */
  looks: number;
  /** the first few: moment and what was seen */
  violations: string[];
}
