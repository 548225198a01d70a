import { z } from 'zod';
import { identifierSchema } from './event.ts';
import { footprintSchema } from './footprint.ts';

/**
 * Other people's CDNs, as a team that buys from several of them has it in a file. Money is in whatever currency the
 * contracts are in, one for the whole file. GB and TB are decimal: 10⁹ and 10¹² bytes, as bills have them.
 */

/** Nothing in it needs escaping inside a quoted string of a playlist, an attribute, or a header field. */
const BASE_URL =
  /^https?:\/\/(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::\d{1,5})?(?:\/[A-Za-z0-9._~-]+)*\/?$/;
const MOST_BASE_URL = 512;

const baseUrl = z
  .string()
  .max(MOST_BASE_URL)
  .regex(BASE_URL, 'scheme, host, port and perhaps a path, such as https://cdn.example/live')
  .refine((url) => !/\/\.{1,2}(?:\/|$)/.test(url), 'may not have "." or ".." in its path')
  .refine((url) => Number(/:(\d{1,5})(?:\/|$)/.exec(url.slice(8))?.[1] ?? 1) <= 65_535, 'has a port above 65535')
  .transform((url) => url.replace(/\/$/, ''));

const urlPath = z
  .string()
  .max(1024)
  .regex(/^\/(?!\/)[A-Za-z0-9._~!$&()*+,;=:@%/?-]*$/, 'a path, such as /probe.txt');

const pricePerGB = z.number().nonnegative().max(1000);

const priceTiers = z
  .array(
    z.strictObject({
      upToTB: z.number().positive().max(1e9).optional().describe('Of the month; the last tier has none.'),
      pricePerGB: pricePerGB.describe('What a GB inside this tier costs.'),
    }),
  )
  .min(1)
  .max(20)
  .superRefine((tiers, context) => {
    tiers.forEach(({ upToTB }, at) => {
      const last = at === tiers.length - 1;
      const before = at === 0 ? 0 : (tiers[at - 1]!.upToTB ?? Infinity);
      const message = last
        ? upToTB !== undefined && 'the last tier goes on without end: leave upToTB out'
        : !(upToTB !== undefined && upToTB > before) && `every tier but the last needs upToTB, above ${before} here`;
      if (message) context.addIssue({ code: 'custom', path: [at], message });
    });
  });

const price = z.union([pricePerGB, priceTiers]);
const weight = z.number().nonnegative().max(1e6);

export const cdnRegionSchema = z.strictObject({
  id: identifierSchema.describe('The region’s name, in reasons and results.'),
  footprint: footprintSchema.describe('Where it is; the first region that has a client counts.'),
  weight: weight.optional().describe('Instead of the CDN’s own there.'),
  pricePerGB: price.optional().describe('Instead of the CDN’s own there.'),
});

export const cdnSchema = z.strictObject({
  id: identifierSchema.describe('The CDN’s name; the pathway id and service location that players see.'),
  baseUrl: baseUrl.describe('What stands before a resource’s path at this CDN: scheme, host, port, perhaps a path.'),
  weight: weight.default(1).describe('Its share of sessions against the others’; 0: only as the cheapest, or in need.'),
  pricePerGB: price.optional().describe('A number, or tiers of a month’s volume: a list of {upToTB, pricePerGB}.'),
  pricePerMbpsMonth: z
    .number()
    .nonnegative()
    .max(1e6)
    .optional()
    .describe('Instead of pricePerGB, where the month’s 95th percentile is billed.'),
  commitmentTB: z.number().positive().max(1e9).optional().describe('Volume paid for each month, used or not.'),
  commitmentMbps: z
    .number()
    .positive()
    .max(1e9)
    .optional()
    .describe('Instead of commitmentTB: 95th percentile of the month paid for, used or not.'),
  delivered: z
    .strictObject({
      TB: z.number().nonnegative().max(1e9).describe('This month until then.'),
      at: z.iso.datetime().describe('The moment, for example 2026-11-20T00:00:00Z.'),
    })
    .optional()
    .describe('What the CDN’s own report says; estimates go on from it.'),
  maxBps: z
    .number()
    .positive()
    .max(1e15)
    .optional()
    .describe('No more than this is sent its way; without it, no limit.'),
  backup: z.boolean().default(false).describe('Only for clients that no other CDN can serve.'),
  footprint: footprintSchema.optional().describe('Where it serves; without it, everywhere.'),
  regions: z.array(cdnRegionSchema).max(50).default([]).describe('Where another weight or price holds.'),
  probe: urlPath
    .optional()
    .describe('Path under baseUrl that answers 2xx; without it any answer below 500 at / counts.'),
});

export const cdnBalanceSchema = z
  .strictObject({
    byWeight: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Share of sessions that weights alone decide; commitments, then prices, decide the others.'),
    nominalBps: z
      .number()
      .positive()
      .max(1e9)
      .default(5e6)
      .describe('What a session is taken to receive until its player says what it does (CMCD br).'),
    instances: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('Steering services that share the sessions: each counts its own so many times.'),
    redirectedSeconds: z
      .number()
      .min(1)
      .max(86_400)
      .default(600)
      .describe('How long a session counts that was redirected, and so will not be heard of again.'),
    outsideFootprint: z
      .enum(['last', 'never'])
      .default('last')
      .describe('CDNs whose footprint a client is outside of: named last where fewer than two others are, or never.'),
  })
  .prefault({});

export const cdnProbesSchema = z
  .strictObject({
    everySeconds: z.number().min(0.1).max(3600).default(5).describe('Pause between probes of a CDN that is well.'),
    againSeconds: z
      .number()
      .min(0.1)
      .max(3600)
      .default(1)
      .describe('Pause after a probe that failed, until it is well.'),
    timeoutSeconds: z.number().min(0.1).max(60).default(2),
    failures: z.number().int().min(1).max(32).default(3).describe('So many failed …'),
    of: z.number().int().min(1).max(32).default(5).describe('… of the last so many: the CDN is down.'),
    successes: z.number().int().min(1).max(32).default(3).describe('So many in a row without failure: it is back.'),
    rampSeconds: z.number().min(0).max(3600).default(30).describe('From nothing to its full share once it is back.'),
  })
  .refine(({ failures, of }) => failures <= of, { path: ['failures'], message: 'must be at most "of"' })
  .prefault({});

const manifestUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/, 'an absolute http or https URL');

export const cdnsSchema = z
  .strictObject({
    cdns: z.array(cdnSchema).min(1).max(64),
    sources: z
      .array(baseUrl)
      .max(64)
      .default([])
      .describe('Where manifests may be fetched besides the CDNs themselves: scheme, host, port, perhaps a path.'),
    privateAddresses: z
      .boolean()
      .default(false)
      .describe('Names may resolve to private addresses. Addresses that stand here themselves are always allowed.'),
    manifests: z
      .array(
        z.strictObject({
          name: identifierSchema.describe('Players get it as /play/<name>.m3u8 or .mpd.'),
          url: manifestUrl.describe('An HLS playlist or an MPD at a CDN or a source.'),
        }),
      )
      .max(1000)
      .default([]),
    clientParameters: z
      .array(z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/, 'a name of 1 to 64 letters, digits or ._~-'))
      .max(32)
      .default([])
      .describe('Query parameters of a player’s request for a manifest that go on to the URLs in it, such as a token.'),
    balance: cdnBalanceSchema,
    probes: cdnProbesSchema,
  })
  .superRefine(({ cdns, manifests, clientParameters }, context) => {
    const seen = new Map<string, string>();
    const unique = (what: string, name: string, path: PropertyKey[], mend: string) => {
      const before = seen.get(`${what} ${name}`);
      if (before === undefined) seen.set(`${what} ${name}`, path.join('.'));
      else context.addIssue({ code: 'custom', path, message: `"${name}" is there twice, first at ${before}${mend}` });
    };
    const oneOf = (at: number, one: string, other: string, values: readonly unknown[]) => {
      if (values.some((value) => value === undefined)) return;
      context.addIssue({
        code: 'custom',
        path: ['cdns', at, other],
        message: `${one} is there, too: give one of the two`,
      });
    };
    cdns.forEach((cdn, at) => {
      unique('cdn', cdn.id, ['cdns', at, 'id'], '');
      // Players, and what they tell, know a CDN by its host name alone.
      const mend = '; players tell CDNs apart by host name (on one machine: 127.0.0.11, 127.0.0.12, …)';
      unique('host', hostOf(cdn.baseUrl), ['cdns', at, 'baseUrl'], mend);
      oneOf(at, 'pricePerGB', 'pricePerMbpsMonth', [cdn.pricePerGB, cdn.pricePerMbpsMonth]);
      oneOf(at, 'commitmentTB', 'commitmentMbps', [cdn.commitmentTB, cdn.commitmentMbps]);
      cdn.regions.forEach(({ id }, region) =>
        unique(`region of ${cdn.id}`, id, ['cdns', at, 'regions', region, 'id'], ''),
      );
    });
    manifests.forEach(({ name }, at) => unique('manifest', name, ['manifests', at, 'name'], ''));
    clientParameters.forEach((name, at) => unique('parameter', name, ['clientParameters', at], ''));
    if (cdns.every(({ backup }) => backup)) {
      context.addIssue({ code: 'custom', path: ['cdns'], message: 'all are backups; one must not be' });
    }
  });

export type Cdns = z.infer<typeof cdnsSchema>;
export type Cdn = Cdns['cdns'][number];
export type CdnBalanceConfig = Cdns['balance'];
export type CdnProbes = Cdns['probes'];
export type PriceTiers = z.infer<typeof priceTiers>;

/** Host name or address of a base URL, in lower case, without the port; of what is none, the text itself. */
export function hostOf(url: string): string {
  return /^https?:\/\/(\[[^\]]+\]|[^:/]+)/.exec(url.toLowerCase())?.[1] ?? url;
}
