import { z } from 'zod';
import { identifierSchema } from './event.ts';
import { countrySchema } from './site.ts';

/**
 * A modelled Internet, as files have it: where people, networks, exchanges, sites and servers are, and what joins them.
 * The same schema for files written by hand and for generated worlds. Rates are bits per second, latencies one way.
 */

const latitude = z.number().min(-90).max(90).describe('Degrees, WGS 84, north positive.');
const longitude = z.number().min(-180).max(180).describe('Degrees, WGS 84, east positive.');
const rateBps = z.number().positive().max(1e16);

export const metroSchema = z.strictObject({
  id: identifierSchema,
  name: z.string().max(200).optional(),
  country: countrySchema,
  latitude,
  longitude,
  population: z.number().int().nonnegative().default(0).describe('Persons.'),
});

export const networkSchema = z.strictObject({
  id: identifierSchema,
  asn: z.number().int().min(1).max(4_294_967_295).describe('Autonomous system number.'),
  name: z.string().max(200).optional(),
  kind: z
    .enum(['isp', 'transit', 'cdn'])
    .describe('isp: has subscribers. transit: carries others’ traffic. cdn: ours, exactly one.'),
  country: countrySchema.optional(),
  providers: z.array(identifierSchema).default([]).describe('Networks it buys transit from.'),
  peers: z
    .array(identifierSchema)
    .default([])
    .describe('Networks it exchanges its own and its customers’ routes with.'),
});

/** A network’s subscribers in one metro; the access link of the same network and metro carries all their traffic. */
export const accessSchema = z.strictObject({
  network: identifierSchema,
  metro: identifierSchema,
  subscribers: z.number().int().nonnegative().describe('Broadband lines.'),
});

export const exchangeSchema = z.strictObject({
  id: identifierSchema,
  name: z.string().max(200).optional(),
  metro: identifierSchema,
});

/** A place of a cloud provider: live origins and pipelines stand there. */
export const regionSchema = z.strictObject({
  id: identifierSchema,
  name: z.string().max(200).optional(),
  country: countrySchema,
  latitude,
  longitude,
});

export const serverSchema = z.strictObject({
  id: identifierSchema.describe('The node’s name, as it reports itself; the pathway id that players see.'),
  role: z.enum(['edge', 'shield']).default('edge'),
  nicBps: rateBps.describe('What it can send.'),
  cpuCores: z.number().positive().max(4096).default(16),
  memoryBytes: z
    .number()
    .int()
    .min(1024)
    .default(64 * 2 ** 30)
    .describe('For cached bodies.'),
  diskBytes: z.number().int().nonnegative().default(0),
});

export const topologySiteSchema = z.strictObject({
  id: identifierSchema,
  metro: identifierSchema,
  kind: z.enum(['ix', 'embedded']),
  exchange: identifierSchema.optional().describe('Of an ix site: the exchange it stands in.'),
  network: identifierSchema.optional().describe('Of an embedded site: the network it stands in.'),
  servers: z.array(serverSchema).min(1).max(10_000),
});

/**
 * What a link may end at:
 * `site:<id>`, `exchange:<id>`, `network:<id>`, `region:<id>`, `access:<network>/<metro>` (the subscribers there).
 */
export const endpointSchema = z
  .string()
  .regex(
    /^(?:(?:site|exchange|network|region):[A-Za-z0-9][A-Za-z0-9._-]{0,63}|access:[A-Za-z0-9][A-Za-z0-9._-]{0,63}\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
    'site:<id>, exchange:<id>, network:<id>, region:<id> or access:<network>/<metro>',
  );

export const linkSchema = z.strictObject({
  id: identifierSchema,
  kind: z
    .enum(['access', 'peering', 'private', 'transit', 'backbone'])
    .describe(
      'access: network → its subscribers in a metro. peering: a site’s or network’s port at an exchange, or network–network. ' +
        'private: site–network, also an embedded site in its host. transit: site or network → the network it buys from. ' +
        'backbone: site–site or site–region, ours.',
    ),
  from: endpointSchema,
  to: endpointSchema,
  capacityBps: rateBps.describe('In each direction.'),
  latencyMs: z
    .number()
    .nonnegative()
    .max(2000)
    .optional()
    .describe('One way. Without it: from the distance of its ends, where both have a place.'),
  pricePerMbpsMonth: z
    .number()
    .nonnegative()
    .max(1e6)
    .default(0)
    .describe('US dollars for each Mbit/s of the month’s 95th percentile.'),
});

export const prefixSchema = z.strictObject({
  prefix: z.string().max(50).describe('IPv4 or IPv6, in CIDR form.'),
  network: identifierSchema,
  metro: identifierSchema,
});

/** What one site heard. Without any, announcements follow from the networks’ relations. */
export const announcementSchema = z.strictObject({
  site: identifierSchema,
  link: identifierSchema.describe('The site’s link (peering port, private or transit) it was heard on.'),
  by: identifierSchema.describe('The network that announced it; the first of the path.'),
  asPath: z
    .array(identifierSchema)
    .min(1)
    .max(64)
    .describe('Networks from the announcer to the origin of the prefixes.'),
  prefixes: z.array(z.string()).optional().describe('Only these of the origin’s prefixes; without it, all.'),
  localPreference: z.number().int().nonnegative().max(4_294_967_295).optional(),
  med: z.number().int().nonnegative().max(4_294_967_295).default(0),
});

export const topologySchema = z.strictObject({
  name: z.string().min(1).max(200),
  description: z.string().max(4000).optional(),
  synthetic: z.boolean().default(false).describe('Made by a generator: no statement about real networks.'),
  provenance: z
    .array(z.strictObject({ field: z.string(), source: z.string(), licence: z.string().optional() }))
    .default([])
    .describe('Where each field’s values come from.'),
  pathStretch: z
    .number()
    .min(1)
    .max(10)
    .default(1.5)
    .describe('Length of a fibre path over the great-circle distance.'),
  metros: z.array(metroSchema).min(1).max(200_000),
  networks: z.array(networkSchema).min(1).max(100_000),
  access: z.array(accessSchema).min(1).max(500_000),
  exchanges: z.array(exchangeSchema).max(10_000).default([]),
  regions: z.array(regionSchema).min(1).max(100),
  sites: z.array(topologySiteSchema).min(1).max(20_000),
  links: z.array(linkSchema).min(1).max(2_000_000),
  prefixes: z.array(prefixSchema).max(2_000_000).default([]),
  announcements: z.array(announcementSchema).max(2_000_000).optional(),
});

export type Metro = z.infer<typeof metroSchema>;
export type Network = z.infer<typeof networkSchema>;
export type Access = z.infer<typeof accessSchema>;
export type Exchange = z.infer<typeof exchangeSchema>;
export type Region = z.infer<typeof regionSchema>;
export type Server = z.infer<typeof serverSchema>;
export type TopologySite = z.infer<typeof topologySiteSchema>;
export type Link = z.infer<typeof linkSchema>;
export type Prefix = z.infer<typeof prefixSchema>;
export type Announcement = z.infer<typeof announcementSchema>;
export type Topology = z.infer<typeof topologySchema>;

/** A link in one of its directions: `2 × index of the link`, plus 1 when travelled from `to` to `from`. */
export type DirectedLink = number;

/** How a site reaches a network, best first (reference: live delivery §4). */
export const REACHES = ['embedded', 'private', 'peering', 'transit'] as const;
export type Reach = (typeof REACHES)[number];

/** The way bytes take from one place to another. */
export interface Path {
  readonly links: readonly DirectedLink[];
  readonly oneWayMs: number;
}

/** One way from a site to the subscribers of one network in one metro. */
export interface Route extends Path {
  /** index into the topology's sites */
  readonly site: number;
  readonly reach: Reach;
  /** length of the prefix announced to the site; the longest match comes before everything else */
  readonly prefixLength: number;
  readonly localPreference: number;
  readonly asPath: readonly string[];
  readonly med: number;
}
