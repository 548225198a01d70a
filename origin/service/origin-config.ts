import type { Address } from '../../runtime/address.ts';
import type { Log } from '../../runtime/log.ts';

export interface OriginConfig {
  /** the node's name, in metrics and in CMSD-Static */
  id: string;
  /** where players' side tiers read */
  listen: Address;
  /** where pipelines publish; the reading side's listener when absent */
  ingest?: Address | undefined;
  admin?: Address | undefined;
  adminToken?: string | undefined;
  /** who may publish, in the order in which defects are signalled */
  pipelines: readonly string[];
  /** the longest DVR window an event may ask for */
  maxDvrWindowMs: number;
  /** bodies of published segments; what is still arriving comes on top, bounded by maxUploads × maxBodyBytes */
  maxMemoryBytes: number;
  maxBodyBytes: number;
  /** at one time, shared out equally among the pipelines */
  maxUploads: number;
  maxEvents: number;
  maxWaiters: number;
  /** reads being answered at once; DVR reads get three quarters of it */
  maxReads: number;
  log: Log;
}

export const ORIGIN_DEFAULTS = {
  id: 'origin',
  pipelines: ['a', 'b'],
  maxDvrWindowMs: 600_000,
  maxMemoryBytes: 512e6,
  maxBodyBytes: 16e6,
  maxUploads: 64,
  maxEvents: 64,
  maxWaiters: 20_000,
  maxReads: 2000,
} as const;
