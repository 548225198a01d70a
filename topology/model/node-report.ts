import { z } from 'zod';
import { identifierSchema } from './event.ts';

/**
 * What a node tells steering about itself once a second: `POST /v1/nodes/<id>/report`. Bounds are part of the contract:
 * an absurd number is refused at the border, not averaged into a decision.
 */
export const nodeReportSchema = z.object({
  id: identifierSchema,
  role: z.enum(['edge', 'shield', 'origin']),
  site: identifierSchema,
  /** where players reach the node, for example http://127.0.0.11:8080 */
  url: z.url({ protocol: /^https?$/ }),
  state: z.enum(['up', 'draining']),
  /** grows by one a report; a lower one than the last is a restart */
  sequence: z.number().int().nonnegative(),
  /** over the last reporting interval */
  egressBps: z.number().nonnegative().max(1e13),
  capacityBps: z.number().positive().max(1e13),
  /**
   * Nominal bitrate of what players are asking for: what the node has promised, where `egressBps` is what happens to be
   * sent. Older nodes do not tell it; their egress stands in for it.
   */
  reservedBps: z.number().nonnegative().max(1e13).optional(),
  connections: z.number().int().nonnegative().max(1e8),
  requestsPerSecond: z.number().nonnegative().max(1e8),
  /** share of answers that were 5xx, 0 to 1 */
  errorShare: z.number().min(0).max(1),
  /** how late the event loop ran, worst of the interval */
  eventLoopDelayMs: z.number().nonnegative().max(1e6),
});

export type NodeReport = z.infer<typeof nodeReportSchema>;
