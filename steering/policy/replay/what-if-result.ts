import type { Bias } from './replay-bias.ts';
import type { Peak } from './load-peaks.ts';

/** Bytes by the nominal bitrate of sessions and how long they play. */
export interface Rank0Bytes {
  bytes: number;
  /** from the best site for the client's place */
  rank0: number;
  /** live, or on demand, from another one: by health or room of the best one's servers */
  healthMiss: number;
  /** because the player's manifest named no server of the best site, or a policy to compare with wanted it so */
  otherMiss: number;
  /** because the best site did not have it; null: the record does not know what is where. Live is everywhere */
  contentMiss: number | null;
}

/** Without a name: nowhere, the session was refused. */
export interface Moved {
  from: string | null;
  to: string | null;
  /** by the first time that they were there instead of there */
  sessions: number;
  bytes: number;
}

export interface PlaceLoad {
  id: string;
  /** of a server */
  site?: string;
  before: Peak;
  /** null: it is not there */
  after: Peak | null;
  bytesBefore: number;
  bytesAfter: number;
}

export interface SideSums {
  reducedSessions: number;
  refusedSessions: number;
  rank0: Rank0Bytes;
}

export interface WhatIfResult {
  /** Unix time */
  fromMs: number;
  untilMs: number;
  decisions: number;
  sessions: number;
  /** decisions whose first choice was one that was being tried */
  explored: number;
  moved: Moved[];
  movedSessions: number;
  movedBytes: number;
  sites: PlaceLoad[];
  servers: PlaceLoad[];
  before: SideSums;
  after: SideSums;
  bias: Bias;
  /** decisions that would have looked at sites beyond those that the record has for their place */
  beyondRecord: number;
  /** true: the record begins in the middle, or has gaps: what had happened before is not known */
  isPartial: boolean;
}

/** What a replay with changes takes for granted. */
export const ASSUMPTIONS = [
  'a session takes its nominal bitrate from its first decision to its last and the TTL after that, and plays from the first server named',
  'a server would have reported what it did, moved by the sessions placed otherwise, each by as much of its nominal bitrate as reports show of all; sent bytes in proportion',
  'errors, delays, probes and what players told are as recorded: a server that is made fuller does not get worse by it',
  'players ask at the times at which they asked, and a manifest names the servers that would have been written into it',
  'rank 0 is the first site of the recorded order, whether it is there or not',
] as const;
