import { extraFields } from '../../runtime/http-exchange.ts';

type Field = readonly [name: string, value: string];

/** Every read may be made by a page of any origin; what a player's script needs to see is exposed. */
export const CORS_FIELDS: readonly Field[] = [
  ['Access-Control-Allow-Origin', '*'],
  [
    'Access-Control-Expose-Headers',
    'Age, Date, ETag, Retry-After, Cache-Status, CMSD-Static, CMSD-Dynamic, Repr-Digest',
  ],
  ['Timing-Allow-Origin', '*'],
];

/** Longer lifetimes say nothing more, and structured fields end at 15 digits. */
const LONGEST_LIFETIME_MS = 86_400_000;

/** What to cache, and for how long: in seconds for every cache, in milliseconds for our own tiers (DESIGN §5). */
export function lifetimeFields(lifetimeMs: number): readonly Field[] {
  const ms = Math.floor(Math.min(Math.max(lifetimeMs, 0), LONGEST_LIFETIME_MS));
  const seconds = Math.floor(ms / 1000);
  return [
    ['Cache-Control', `public, max-age=${seconds}`],
    ['CDN-Cache-Control', `max-age=${seconds}, undercard-ttl-ms=${ms}`],
  ];
}

export function textFields(contentType: string, lifetimeMs: number, more: readonly Field[] = []): string {
  return extraFields([['Content-Type', contentType], ...lifetimeFields(lifetimeMs), ...CORS_FIELDS, ...more]);
}
