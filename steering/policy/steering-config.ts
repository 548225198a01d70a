import { z } from 'zod';
import { playersSchema, probesSchema } from './health/health-config.ts';
import { DEFAULT_HEALTH } from './health/health.ts';

const admissionSchema = z
  .strictObject({
    nominalBps: z
      .number()
      .positive()
      .max(1e10)
      .default(5e6)
      .describe('Bits per second reserved for a session of which nothing better is known.'),
    spillFrom: z
      .number()
      .positive()
      .max(1)
      .default(0.8)
      .describe('Reservations over capacity from which a growing part of new sessions goes to the next rank.'),
    fullShare: z
      .number()
      .positive()
      .max(1)
      .default(0.95)
      .describe('Reservations over capacity beyond which no session comes while another server can take it.'),
    limitShare: z
      .number()
      .positive()
      .max(2)
      .default(1)
      .describe('Where all servers are full: up to here quality is lowered, beyond it new sessions are refused.'),
    returnMargin: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.1)
      .describe('A session comes back to a better server only when that is this much emptier than for a new one.'),
    settleMs: z
      .number()
      .positive()
      .max(60_000)
      .default(4000)
      .describe('Until a session that was sent to a server shows in its reports: start-up, and rates are averages.'),
    instances: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('Steering instances that share the viewers; each counts what the others must have sent meanwhile.'),
  })
  .refine(({ spillFrom, fullShare }) => spillFrom < fullShare, {
    path: ['spillFrom'],
    message: 'must be less than fullShare',
  })
  .refine(({ fullShare, limitShare }) => fullShare < limitShare, {
    path: ['fullShare'],
    message: 'must be less than limitShare',
  })
  .prefault({});

const paceSchema = z
  .strictObject({
    leastTtlSeconds: z
      .number()
      .int()
      .min(1)
      .max(3600)
      .default(10)
      .describe('Players ask again after this at the least.'),
    mostTtlSeconds: z
      .number()
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('And after this at the most; less than their buffer is what live wants.'),
    answersPerSecond: z
      .number()
      .positive()
      .max(1e9)
      .default(50_000)
      .describe('Of one instance; with more, players are told to come less often, up to four times.'),
  })
  .refine(({ leastTtlSeconds, mostTtlSeconds }) => leastTtlSeconds <= mostTtlSeconds, {
    path: ['leastTtlSeconds'],
    message: 'must be at most mostTtlSeconds',
  })
  .prefault({});

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
      .default(0.95)
      .describe(
        'Egress over capacity from which a server takes fewer of its sessions. A safety net: admission, by nominal bitrate, ' +
          'should never let it come so far.',
      ),
    fullShare: z.number().min(0).max(1).default(1).describe('Egress over capacity at which it takes none.'),
    probes: probesSchema,
    players: playersSchema,
    admission: admissionSchema,
    pace: paceSchema,
    boundedLoad: z
      .number()
      .min(1)
      .max(100)
      .default(1.25)
      .describe(
        'Inside a site: a server loaded more than this many times the mean hands new sessions to the next of its ring.',
      ),
    exploreShare: z
      .number()
      .min(0)
      .max(0.1)
      .default(0.005)
      .describe('Share of sessions that try a recovering server or a failing path, so that its recovery is noticed.'),
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

export const DEFAULT_STEERING: SteeringPolicyConfig = steeringPolicySchema.parse({});
