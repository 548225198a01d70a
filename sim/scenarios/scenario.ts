import { z } from 'zod';
import { edgePolicySchema } from '../../edge/policy/edge-config.ts';
import { originBudgetSchema } from '../../origin-shield/policy/origin-budget.ts';
import { steeringPolicySchema } from '../../steering/policy/steering-config.ts';
import { identifierSchema, renditionSchema } from '../../topology/model/event.ts';
import { countrySchema } from '../../topology/model/site.ts';
import { audienceSchema } from './audience-schema.ts';
import { faultSchema } from './fault-schema.ts';

/**
 * A scenario: an event, a network, an audience, policies and what goes wrong. Every field but the name has a default.
 * Times are seconds of simulated time from the run's start; rates are bits per second.
 */

const seconds = z
  .number()
  .nonnegative()
  .max(7 * 86_400);

export const topologySourceSchema = z.union([
  z.strictObject({
    file: z.string().min(1).describe('A topology file, relative to the scenario.'),
    capacityScale: z.number().positive().max(1e9).default(1).describe('All capacities times this.'),
  }),
  z.strictObject({
    generate: z.strictObject({
      sites: z.number().int().min(3).max(6000).default(40),
      servers: z.number().int().min(3).max(100_000).default(120),
      seed: z
        .number()
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .default(1),
      peakBps: z
        .number()
        .positive()
        .max(1e16)
        .optional()
        .describe('What it is built for; by default the forecast viewers at the highest rendition they may see.'),
      embeddedShare: z.number().min(0).max(1).optional(),
      countries: z.array(countrySchema).min(1).optional(),
    }),
  }),
]);

const DEFAULT_RENDITIONS = [
  { id: 'v1080', kind: 'video', codecs: 'avc1.640028', bandwidth: 5_800_000, width: 1920, height: 1080 },
  { id: 'v720', kind: 'video', codecs: 'avc1.64001f', bandwidth: 3_200_000, width: 1280, height: 720 },
  { id: 'v540', kind: 'video', codecs: 'avc1.64001f', bandwidth: 1_800_000, width: 960, height: 540 },
  { id: 'v360', kind: 'video', codecs: 'avc1.64001e', bandwidth: 900_000, width: 640, height: 360 },
  { id: 'v240', kind: 'video', codecs: 'avc1.640015', bandwidth: 400_000, width: 426, height: 240 },
  { id: 'a128', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 128_000 },
] as const;

export const pipelineSchema = z.strictObject({
  id: identifierSchema,
  region: identifierSchema.optional().describe('Where it stands; by default with the first origin.'),
  delayMs: z
    .number()
    .nonnegative()
    .max(60_000)
    .default(150)
    .describe('From the end of a segment to its arrival at the origins, without the way between regions.'),
  jitterMs: z.number().nonnegative().max(60_000).default(50).describe('Up to so much more, by chance.'),
});

export const eventSectionSchema = z
  .strictObject({
    id: identifierSchema.default('event'),
    begunSeconds: seconds.default(3600).describe('How long it has been on when the run starts.'),
    endsSeconds: seconds.optional().describe('When it ends; by default it goes on.'),
    // Players ask a third of a segment late: with shorter ones nobody would ever be in time.
    segmentDurationMs: z.number().int().min(500).max(60_000).default(2000),
    dvrWindowSeconds: seconds.min(1).default(600),
    renditions: z
      .array(renditionSchema)
      .min(1)
      .max(64)
      .default([...DEFAULT_RENDITIONS]),
    sizeDeviation: z
      .number()
      .min(0)
      .max(2)
      .default(0.15)
      .describe('Deviation of the logarithm of segment sizes; their mean is the nominal one, none is twice that.'),
    segmentBytes: z
      .record(identifierSchema, z.array(z.number().int().min(1).max(1e9)).min(1).max(10_000))
      .optional()
      .describe('Sizes of segments by rendition, in turn from the first segment on; by default by chance.'),
    pipelines: z
      .array(pipelineSchema)
      .min(1)
      .max(8)
      .default([
        { id: 'a', delayMs: 150, jitterMs: 50 },
        { id: 'b', delayMs: 250, jitterMs: 50 },
      ]),
  })
  .prefault({});

export const originSectionSchema = z
  .strictObject({
    regions: z
      .array(identifierSchema)
      .min(1)
      .max(8)
      .optional()
      .describe('One origin each; by default the first region.'),
    egressBps: z.number().positive().max(1e14).default(40e9),
    maxReads: z.number().int().min(1).default(2000).describe('Reads being answered at once.'),
    maxWaiters: z.number().int().min(1).default(20_000),
    maxStoredBytes: z.number().positive().default(64e9),
  })
  .prefault({});

export const catalogueSchema = z.strictObject({
  titles: z.number().int().min(1).max(1_000_000).default(10_000),
  alpha: z.number().min(0).max(3).default(0.9).describe('Zipf exponent of popularity.'),
  viewers: z.number().int().min(1).max(10_000_000).describe('Watching on demand, on average.'),
  bandwidthBps: z.number().positive().max(1e9).default(4e6),
  chunkSeconds: z.number().min(0.5).max(60).default(4),
  meanTitleSeconds: z.number().min(10).max(86_400).default(1800).describe('Titles’ lengths are log-normal round it.'),
  deviation: z.number().min(0).max(3).default(0.6).describe('Of the logarithm of their lengths.'),
});

export const transportSchema = z
  .strictObject({
    tls: z.boolean().default(true).describe('One more round trip for a new connection (TLS 1.3).'),
    initialWindowBytes: z.number().int().min(536).max(1e7).default(14_600).describe('RFC 6928.'),
    slowStartAfterIdle: z
      .boolean()
      .default(true)
      .describe('The window starts anew after a pause, as Linux does (RFC 2861); tuned servers do not.'),
    headerBytes: z.number().int().nonnegative().max(65_536).default(600).describe('Of one answer.'),
    tickMs: z
      .number()
      .nonnegative()
      .max(1000)
      .default(5)
      .describe('Bodies begin, and what ended ones leave is shared out, at multiples of this; 0: at once, and slower.'),
    convergenceSeconds: z
      .number()
      .nonnegative()
      .max(600)
      .default(5)
      .describe('After a link has gone or come back, until routing and steering use other ways.'),
    lastMileMs: z
      .number()
      .nonnegative()
      .max(1000)
      .default(6)
      .describe('One way, in access networks whose link states no latency.'),
    windowMaxBytes: z
      .number()
      .int()
      .min(4096)
      .default(16 * 2 ** 20)
      .describe('A connection carries no more than this in a round trip.'),
  })
  .prefault({});

export const serverSectionSchema = z
  .strictObject({
    cpuMicrosPerRequest: z.number().nonnegative().default(15).describe('CPU of one request without its body.'),
    cpuMicrosPerMegabyte: z.number().nonnegative().default(280).describe('CPU of sending a million bytes.'),
    clockErrorMs: z.number().nonnegative().max(250).default(20).describe('Wall clocks are wrong by up to this.'),
    clockDriftPpm: z
      .number()
      .nonnegative()
      .max(1000)
      .default(0)
      .describe('Monotonic clocks are fast or slow by up to this.'),
  })
  .prefault({});

export const scenarioSchema = z.strictObject({
  name: identifierSchema,
  title: z.string().max(200).optional(),
  description: z.string().max(4000).optional(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  durationSeconds: seconds.min(1).default(300),
  topology: topologySourceSchema.prefault({ generate: {} }),
  event: eventSectionSchema,
  audience: audienceSchema,
  catalogue: catalogueSchema.optional(),
  origin: originSectionSchema,
  shield: z.strictObject({ policy: edgePolicySchema, budget: originBudgetSchema }).prefault({}),
  edge: z.strictObject({ policy: edgePolicySchema }).prefault({}),
  steering: steeringPolicySchema,
  transport: transportSchema,
  server: serverSectionSchema,
  faults: z.array(faultSchema).max(1000).default([]),
  variants: z
    .record(identifierSchema, z.record(z.string(), z.unknown()))
    .refine((variants) => Object.keys(variants).length <= 20, 'at most 20 variants')
    .optional()
    .describe('Run side by side on one seed: by name, what is set otherwise (path with dots: value).'),
});

export type Scenario = z.infer<typeof scenarioSchema>;
