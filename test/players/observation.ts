/** One player that was watched for a while with one case; times are milliseconds since it asked for the manifest. */
export interface Observation {
  column: string;
  case: string;
  /** right answers before the case began */
  after: number;
  /** of right answers */
  ttlSeconds: number;
  watchedMs: number;
  /** what steering was asked, redirects' targets not counted again */
  steering: SteeringAsked[];
  /** media segments */
  segments: AskedFor[];
  /** playlists, MPDs and init segments */
  playlists: AskedFor[];
  /** the pathway at each host */
  pathways: Record<string, string>;
  /** the host that steering's answers made a clone for, without a port; null: none */
  cloneHost: string | null;
  /** timers that were shortened, so that a wait of minutes can be seen */
  shortened: { firedMs: number; savedMs: number }[];
  /** for how long the page could do nothing, in pieces of half a second or more: its own work, or a busy machine */
  blockedMs: number;
  samples: Sample[];
  /** what the player says of itself */
  errors: string[];
  /** what nobody caught in its page */
  uncaught: string[];
}

export interface AskedFor {
  startedMs: number;
  /** null: still waiting when the page was closed */
  endedMs: number | null;
  host: string;
  /** host and port */
  authority: string;
  /** 0: failed without one */
  status: number | null;
}

export interface SteeringAsked extends AskedFor {
  /** what it says it plays from, as it is on the wire; null: says nothing */
  says: string | null;
}

export interface Sample {
  atMs: number;
  currentTime: number;
  playing: boolean;
  stalls: number;
  stalledMs: number;
}
