import { z } from 'zod';
import { countrySchema } from '../../topology/model/site.ts';
import { ADAPTATIONS } from '../player/adaptation-kinds.ts';

const seconds = z
  .number()
  .nonnegative()
  .max(7 * 86_400);
const share = z.number().nonnegative().max(1e9).describe('Relative weight.');

export const arrivalSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('flash-crowd'),
      atSeconds: seconds.default(30).describe('When the rush is greatest.'),
      widthSeconds: z.number().positive().max(86_400).default(60).describe('Deviation of arrivals round it.'),
      earlyShare: z.number().min(0).max(1).default(0.05).describe('Of the viewers there from the start.'),
    })
    .describe('Arrivals round one moment, normally distributed.'),
  z
    .strictObject({
      kind: z.literal('steady'),
      rampSeconds: seconds.default(30).describe('All arrive evenly over this long, then those who leave are replaced.'),
    })
    .describe('So many viewers, and as many arrivals as departures.'),
  z
    .strictObject({
      kind: z.literal('diurnal'),
      peakHour: z.number().min(0).max(24).default(20.5).describe('Local hour of the metro, by its longitude.'),
      lowShare: z.number().min(0).max(1).default(0.3).describe('Of the peak, twelve hours away from it.'),
    })
    .describe('A sine over the local day; the audience’s number is its worldwide peak.'),
  z
    .strictObject({ kind: z.literal('trace'), file: z.string().min(1) })
    .describe(
      'CSV: seconds,arrivals[,country]; relative to the scenario. Arrivals of a line come evenly until the next.',
    ),
]);

export const audienceSchema = z
  .strictObject({
    viewers: z
      .number()
      .int()
      .min(1)
      .max(10_000_000)
      .default(1000)
      .describe('How many in all; with steady: at one time.'),
    forecastShare: z
      .number()
      .positive()
      .max(100)
      .default(1)
      .describe('What the network was built for, as a share of the viewers; 0.33: three times as many come.'),
    arrival: arrivalSchema.prefault({ kind: 'steady' }),
    countries: z.record(countrySchema, share).optional().describe('Weights; by default all subscribers alike.'),
    stay: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('to-the-end') }),
        z.strictObject({
          kind: z.literal('exponential'),
          meanSeconds: z
            .number()
            .positive()
            .max(7 * 86_400),
        }),
        z.strictObject({
          kind: z.literal('log-normal'),
          medianSeconds: z
            .number()
            .positive()
            .max(7 * 86_400),
          deviation: z.number().min(0).max(3).default(1),
        }),
      ])
      .prefault({ kind: 'to-the-end' }),
    devices: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(64),
          share,
          maxHeight: z.number().int().positive().optional(),
          maxBitrateBps: z.number().positive().optional(),
        }),
      )
      .min(1)
      .max(32)
      .default([
        { name: 'tv', share: 0.6 },
        { name: 'computer', share: 0.15, maxHeight: 1080 },
        { name: 'phone', share: 0.25, maxHeight: 720 },
      ]),
    accessSpeeds: z
      .array(z.strictObject({ rateBps: z.number().positive().max(1e12), share }))
      .min(1)
      .max(64)
      .default([
        { rateBps: 5e6, share: 0.06 },
        { rateBps: 12e6, share: 0.14 },
        { rateBps: 25e6, share: 0.2 },
        { rateBps: 50e6, share: 0.25 },
        { rateBps: 100e6, share: 0.2 },
        { rateBps: 300e6, share: 0.15 },
      ]),
    starts: z
      .strictObject({
        live: share.default(1),
        startOver: share.default(0),
        behind: share.default(0),
        behindSeconds: seconds.default(300).describe('How far behind live those start at most.'),
      })
      .prefault({}),
    pauses: z
      .strictObject({
        share: z.number().min(0).max(1).default(0).describe('Of the viewers: each pauses once.'),
        meanSeconds: z.number().positive().max(86_400).default(120),
      })
      .prefault({}),
    restarts: z
      .strictObject({
        kind: z.enum(['none', 'naive', 'guided']).default('naive'),
        patienceSeconds: z
          .number()
          .positive()
          .max(3600)
          .default(8)
          .describe('Median stall after which a viewer reloads.'),
        deviation: z.number().min(0).max(3).default(0.5),
        most: z.number().int().min(0).max(1000).default(20),
      })
      .prefault({})
      .describe('Viewers who press reload. guided: the app spaces reloads as steering’s backoff says.'),
    player: z
      .strictObject({
        adaptation: z.enum(ADAPTATIONS).default('hls'),
        liveDelaySegments: z.number().min(0.5).max(100).optional(),
        maxBufferMs: z.number().positive().max(600_000).optional(),
        transferTimeoutMs: z.number().positive().max(600_000).optional(),
      })
      .prefault({}),
  })
  .prefault({});

export type Arrival = z.infer<typeof arrivalSchema>;
export type Audience = z.infer<typeof audienceSchema>;
