import { z } from 'zod';
import { identifierSchema } from '../../topology/model/event.ts';
import { PRIORITIES } from '../../topology/model/priority.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import { countrySchema } from '../../topology/model/site.ts';
import { REACHES } from '../../topology/model/topology.ts';
import { LOCATED_BY } from './location/whereabouts.ts';

/** More candidates than an answer tells of help nobody; how many were left out is told. */
export const MOST_CANDIDATES = 200;

const positionSchema = z.strictObject({
  latitude: z.number().min(-90).max(90).describe('Degrees, WGS 84, north positive.'),
  longitude: z.number().min(-180).max(180).describe('Degrees, WGS 84, east positive.'),
});

const rateBps = z.number().nonnegative();

const clientSchema = z.strictObject({
  address: z.string().describe('In canonical form.'),
  locatedBy: z
    .enum(LOCATED_BY)
    .describe('What said where it is: the longest announced prefix, a database; default: nothing did.'),
  prefix: z.string().optional().describe('The announced prefix that covers it.'),
  zone: z
    .strictObject({ id: z.string(), type: z.string(), value: z.string() })
    .optional()
    .describe('The coverage zone that orders its sites, and which of its footprints has the viewer.'),
  network: z
    .strictObject({ id: identifierSchema, asn: z.number().int(), name: z.string().optional() })
    .optional()
    .describe('Whose subscriber it is.'),
  asn: z.number().int().optional().describe('Of the network that announces the address, as far as it is known.'),
  metro: z.strictObject({ id: identifierSchema, name: z.string().optional() }).optional(),
  country: countrySchema.optional(),
  position: positionSchema
    .optional()
    .describe('Of its metro or city, else the centre of its country’s people, else where the operator says.'),
});

const routeSchema = z
  .strictObject({
    reach: z.enum(REACHES),
    asPath: z.array(z.string()).describe('Networks from the site’s neighbour to the client’s own.'),
    oneWayMs: z.number().nonnegative(),
    prefixLength: z.number().int().nonnegative().describe('Of the prefix the site heard.'),
    localPreference: z.number().int().nonnegative(),
    med: z.number().int().nonnegative(),
  })
  .describe('How the site hears the client’s network announced.');

const candidateSchema = z.strictObject({
  id: identifierSchema,
  site: identifierSchema,
  siteRank: z.number().int().nonnegative().describe('Place of its site in the client’s order, 0 the best.'),
  position: positionSchema,
  distanceKm: z.number().nonnegative().optional().describe('Great circle to the client’s position.'),
  route: routeSchema.optional(),
  standing: z.string().describe('up, unheard, suspect, probation, draining or down.'),
  score: z.number().min(0).max(1).describe('Share of its own sessions that its health lets it take.'),
  reservedBps: rateBps.describe('Nominal bitrate of the sessions on it and on their way to it.'),
  capacityBps: rateBps,
  reasons: z.array(z.string()).describe('In the words of the README’s vocabulary.'),
  taken: z.boolean().describe('It takes this session. Without it: it is passed over while another takes it.'),
  rank: z.number().int().nonnegative().optional().describe('Place in the answer; absent: not named there.'),
});

/** `GET /v1/explain?ip=…&path=…`: what `/v1/servers` would answer now, and all that was looked at for it. */
export const explainAnswerSchema = z.strictObject({
  version: z.literal(1),
  asked: z.strictObject({
    path: z.string(),
    session: z.string().optional().describe('Without it the address is the viewer.'),
    pathways: z.array(identifierSchema).optional().describe('The only servers the viewer can use.'),
    bitrateBps: z.number().positive().optional().describe('What the session takes at most.'),
    priority: z.enum(PRIORITIES).optional(),
    playing: identifierSchema.optional().describe('The server it plays from.'),
  }),
  client: clientSchema,
  ttlSeconds: serversAnswerSchema.shape.ttlSeconds,
  backoff: serversAnswerSchema.shape.backoff,
  admission: z.strictObject({
    verdict: z.enum(['admitted', 'reduced', 'refused']),
    maxBitrateBps: z.number().positive().optional(),
  }),
  candidates: z
    .array(candidateSchema)
    .max(MOST_CANDIDATES)
    .describe('Best first: those of the answer have a rank, the others follow in the order they would be asked in.'),
  leftOut: z.number().int().nonnegative().describe('Further servers that were looked at and are not told of.'),
});

export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;
export type ExplainedClient = ExplainAnswer['client'];
