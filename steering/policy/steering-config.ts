import { z } from 'zod';
import { DEFAULT_HEALTH } from './health.ts';

/** How steering decides; the service and the simulator read the same section. */
export const steeringPolicySchema = z
  .strictObject({
    policy: z
      .enum(['network', 'nearest', 'round-robin', 'random'])
      .default('network')
      .describe(
        'Order of sites for a client. network: as its network hears them announced (embedded, private, peering, transit), then ' +
          'distance; where no network is known, as nearest. nearest: by distance. round-robin and random: to compare with.',
      ),
    suspectAfterMs: z
      .number()
      .positive()
      .default(DEFAULT_HEALTH.suspectAfterMs)
      .describe('Without a report for longer, others are preferred.'),
    downAfterMs: z
      .number()
      .positive()
      .default(DEFAULT_HEALTH.downAfterMs)
      .describe('Without a report for longer, the node is taken for dead.'),
    busyShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.8)
      .describe('Egress over capacity from which a server takes fewer of its sessions.'),
    fullShare: z.number().min(0).max(1).default(0.98).describe('Egress over capacity at which it takes none.'),
  })
  .refine(({ suspectAfterMs, downAfterMs }) => suspectAfterMs <= downAfterMs, {
    path: ['suspectAfterMs'],
    message: 'must be at most downAfterMs',
  })
  .refine(({ busyShare, fullShare }) => busyShare < fullShare, {
    path: ['busyShare'],
    message: 'must be less than fullShare',
  })
  .prefault({});

export type SteeringPolicyConfig = z.infer<typeof steeringPolicySchema>;
