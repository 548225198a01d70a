import { z } from 'zod';
import { identifierSchema } from './event.ts';

/** `GET /v1/servers?path=…`: the ranking that a player follows, each server with the reasons for its place. */
export const serversAnswerSchema = z.object({
  version: z.literal(1),
  /** seconds until the player should ask again, jittered */
  ttlSeconds: z.number().int().min(1),
  servers: z.array(
    z.object({
      /** the node; the same name is the pathway id in manifests and content steering */
      id: identifierSchema,
      site: identifierSchema,
      /** scheme, host and port, without a path */
      baseUrl: z.url(),
      rank: z.number().int().nonnegative(),
      reasons: z.array(z.string()).readonly(),
    }),
  ),
  backoff: z.object({
    maxRetries: z.number().int().nonnegative(),
    retryAfterSeconds: z.number().nonnegative(),
  }),
  /**
   * admitted: as asked. reduced: all servers are nearly full; take no more than `maxBitrateBps`. refused: they are full; come
   * back after `retryAfterSeconds`. A session that plays is never refused.
   */
  admission: z
    .object({
      verdict: z.enum(['admitted', 'reduced', 'refused']),
      maxBitrateBps: z.number().int().positive().optional(),
    })
    .optional(),
  /** what steering took the asker for */
  client: z.object({
    address: z.string(),
    country: z.string().optional(),
  }),
});

export type ServersAnswer = z.infer<typeof serversAnswerSchema>;
