import { z } from 'zod';
import { parsePrefix } from './ip-address.ts';

/**
 * Where something holds, by the footprint types of CDNI (RFC 8006 §4.3.8, RFC 9388 for subdivisions): a client is inside
 * when any one entry of any type has it.
 */

/** RFC 8006 writes codes in lower case, most people in upper case: both are read. */
const countrycode = z
  .string()
  .regex(/^[A-Za-z]{2}$/, 'an ISO 3166-1 code of two letters, such as DE')
  .transform((code) => code.toUpperCase());

const subdivisioncode = z
  .string()
  .regex(/^[A-Za-z]{2}-[A-Za-z0-9]{1,3}$/, 'an ISO 3166-2 code, such as US-NY')
  .transform((code) => code.toUpperCase());

const asn = z
  .union([
    z.number().int().min(1).max(4_294_967_295),
    z.string().regex(/^[Aa][Ss][1-9]\d{0,9}$/, 'an AS number, such as 64500 or AS64500'),
  ])
  .transform((number) => (typeof number === 'number' ? number : Number(number.slice(2))))
  .refine((number) => number <= 4_294_967_295, 'an AS number is at most 4294967295');

const cidr = (family: 'IPv4' | 'IPv6') =>
  z
    .string()
    .max(50)
    .superRefine((text, context) => {
      const parsed = parsePrefix(text);
      if (parsed.kind === 'bad') {
        context.addIssue({ code: 'custom', message: `"${text}" ${parsed.reason}` });
      } else if ((parsed.words.length === 1) !== (family === 'IPv4')) {
        const other = family === 'IPv4' ? 'ipv6cidr' : 'ipv4cidr';
        context.addIssue({ code: 'custom', message: `"${text}" is no ${family} prefix; it goes under ${other}` });
      }
    });

const list = <Entry extends z.ZodType>(entry: Entry) => z.array(entry).min(1).max(100_000).optional();

export const footprintSchema = z
  .strictObject({
    countrycode: list(countrycode).describe('ISO 3166-1 alpha-2.'),
    subdivisioncode: list(subdivisioncode).describe('ISO 3166-2, where a city database tells it.'),
    asn: list(asn).describe('AS numbers, where a topology or an ASN database tells them.'),
    ipv4cidr: list(cidr('IPv4')).describe('IPv4 prefixes.'),
    ipv6cidr: list(cidr('IPv6')).describe('IPv6 prefixes.'),
  })
  .refine((footprint) => Object.values(footprint).some((entries) => entries !== undefined), {
    message: 'is empty: give countrycode, subdivisioncode, asn, ipv4cidr or ipv6cidr, or leave it out for everywhere',
  });

export type Footprint = z.infer<typeof footprintSchema>;
