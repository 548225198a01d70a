import { z } from 'zod';
import { CLOCK_ERROR_MS } from '../../topology/quantities.ts';

/**
 * What the edge machine needs to decide. Every field has a default and a unit in its name; the simulator takes the very
 * same section.
 */
export const edgePolicySchema = z
  .strictObject({
    memoryBytes: z
      .number()
      .int()
      .min(1024)
      .default(512 * 2 ** 20)
      .describe('Bodies kept in memory, those still arriving included, in bytes.'),
    eviction: z
      .enum(['lru', 'fifo'])
      .default('lru')
      .describe('Who goes first when memory is full: the least recently used, or whoever was stored first.'),
    objectBytesMax: z
      .number()
      .int()
      .min(1)
      .default(64 * 2 ** 20)
      .describe('A larger body is passed on without being stored or shared, in bytes.'),
    waitMs: z
      .number()
      .positive()
      .default(15_000)
      .describe('How long a request may wait for the first byte, over all attempts; longer than the origin holds.'),
    headTimeoutMs: z
      .number()
      .positive()
      .default(6000)
      .describe('How long one upstream attempt may take to its response header, holding included.'),
    stallTimeoutMs: z.number().positive().default(4000).describe('How long an upstream body may pause.'),
    attemptsMax: z.number().int().min(1).max(10).default(3).describe('Upstream attempts for one fill.'),
    fillsMax: z
      .number()
      .int()
      .min(1)
      .default(4096)
      .describe('Upstream requests at one time; beyond it a request is refused with 503.'),
    waitersMax: z
      .number()
      .int()
      .min(1)
      .default(100_000)
      .describe('Requests waiting at one time; beyond it a request is refused with 503.'),
    uncacheableMs: z
      .number()
      .positive()
      .default(10_000)
      .describe('How long an answer that could not be shared is remembered, so that nobody queues for the next.'),
    sourceDownMs: z
      .number()
      .positive()
      .default(1000)
      .describe(
        'How long a source that failed is avoided at first; doubled by each further failure, up to eight times.',
      ),
    clockErrorMs: z
      .number()
      .nonnegative()
      .default(CLOCK_ERROR_MS)
      .describe('How wrong this machine’s wall clock may be: the live window refuses nothing that close to its edges.'),
  })
  .prefault({});

export type EdgePolicyConfig = z.infer<typeof edgePolicySchema>;
