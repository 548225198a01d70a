import { z } from 'zod';
import { identifierSchema } from './event.ts';

/** Degrees, WGS 84: north and east positive. */
export interface Position {
  latitude: number;
  longitude: number;
}

export const countrySchema = z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 code of two capital letters, such as DE');

/** Scheme, host and port as players get them: nothing in it needs escaping inside a quoted string of a playlist. */
const baseUrlSchema = z
  .string()
  .regex(
    /^https?:\/\/(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::\d{1,5})?$/,
    'scheme, host and port without a path, such as http://127.0.0.11:8080',
  );

/** What a node shows (`Authorization: Bearer …`) with its reports. */
const reportTokenSchema = z.string().regex(/^[A-Za-z0-9._~+/=-]{16,256}$/, '16 to 256 letters, digits or ._~+/=-');

export const edgeServerSchema = z.strictObject({
  id: identifierSchema.describe('The edge’s name, as it reports itself; the pathway id that players see.'),
  url: baseUrlSchema.describe('Where players reach it: scheme, host and port.'),
  capacityBps: z.number().positive().max(1e13).describe('What it may send to players, in bits per second.'),
  reportToken: reportTokenSchema.optional().describe('Bearer token of its reports, instead of the file’s own.'),
});

export const siteSchema = z.strictObject({
  id: identifierSchema.describe('The site’s name.'),
  country: countrySchema.describe('ISO 3166-1 alpha-2.'),
  latitude: z.number().min(-90).max(90).describe('Degrees, WGS 84, north positive.'),
  longitude: z.number().min(-180).max(180).describe('Degrees, WGS 84, east positive.'),
  kind: z.enum(['ix', 'embedded']).default('ix').describe('In an Internet exchange, or inside an access network.'),
  edges: z.array(edgeServerSchema).min(1).max(10_000),
});

/** The sites of a CDN and the edges in them; their order is the order for clients whose country is unknown. */
export const sitesSchema = z
  .strictObject({
    reportToken: reportTokenSchema.optional().describe('Bearer token of all reports; needed beyond loopback.'),
    sites: z.array(siteSchema).min(1).max(20_000),
  })
  .superRefine(({ sites }, context) => {
    const seen = new Map<string, string>();
    const unique = (what: string, name: string, path: PropertyKey[]) => {
      const key = `${what} ${name}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, path.join('.'));
      else context.addIssue({ code: 'custom', path, message: `"${name}" is there twice, first at ${before}` });
    };
    sites.forEach((site, at) => {
      unique('site', site.id, ['sites', at, 'id']);
      site.edges.forEach((edge, edgeAt) => {
        unique('edge', edge.id, ['sites', at, 'edges', edgeAt, 'id']);
        unique('url', edge.url.toLowerCase(), ['sites', at, 'edges', edgeAt, 'url']);
      });
    });
  });

export type EdgeServer = z.infer<typeof edgeServerSchema>;
export type Site = z.infer<typeof siteSchema>;
export type Sites = z.infer<typeof sitesSchema>;
