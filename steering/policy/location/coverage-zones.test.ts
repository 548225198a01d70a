import test from 'ava';
import fc from 'fast-check';
import { formatAddress, maskOf, parseAddress } from '../../../topology/model/ip-address.ts';
import { checkZones } from './check-zones.ts';
import { coverageZonesSchema, CoverageZones, type CoverageZone } from './coverage-zones.ts';

const SITES = ['fra', 'ams', 'nyc'];
const NOBODY = { asn: null, subdivision: null, country: null };

function zonesOf(...written: unknown[]): CoverageZone[] {
  return coverageZonesSchema.parse({ zones: written }).zones;
}

const words = (text: string) => {
  const parsed = parseAddress(text);
  if (parsed.kind === 'bad') throw new Error(parsed.reason);
  return parsed.words;
};

test('the longest prefix counts, then the AS number, the subdivision, the country', (t) => {
  const zones = new CoverageZones(
    zonesOf(
      { id: 'country', sites: ['nyc'], footprint: { countrycode: ['de'] } },
      { id: 'part', sites: ['nyc'], footprint: { subdivisioncode: ['de-by'] } },
      { id: 'network', sites: ['nyc'], footprint: { asn: ['as64500', 64501] } },
      { id: 'wide', sites: ['nyc'], footprint: { ipv4cidr: ['192.0.2.0/24'], ipv6cidr: ['2001:db8::/32'] } },
      { id: 'narrow', sites: ['ams', 'fra'], only: true, footprint: { ipv4cidr: ['192.0.2.128/25'] } },
    ),
    SITES,
  );
  const client = { asn: 64501, subdivision: 'DE-BY', country: 'DE' };
  const zoneOf = (address: string, changes = {}) => zones.find(words(address), { ...client, ...changes })?.id;
  t.is(zoneOf('192.0.2.200'), 'narrow');
  t.is(zoneOf('192.0.2.2'), 'wide');
  t.is(zoneOf('2001:db8:7::1'), 'wide');
  t.is(zoneOf('203.0.113.1'), 'network');
  t.is(zoneOf('203.0.113.1', { asn: 7 }), 'part');
  t.is(zoneOf('203.0.113.1', { asn: null, subdivision: 'DE-BE' }), 'country');
  t.is(zoneOf('203.0.113.1', { ...NOBODY, country: 'FR' }), undefined);
  t.deepEqual(zones.find(words('192.0.2.200'), NOBODY), { id: 'narrow', sites: [1, 0], only: true, position: null });
  t.true(zones.usesSubdivisions);
  t.deepEqual(
    zones.matches(words('192.0.2.200'), client).map(({ zone, type, value }) => `${zone.id} ${type} ${value}`),
    [
      'narrow ipv4cidr 192.0.2.128/25',
      'wide ipv4cidr 192.0.2.0/24',
      'network asn AS64501',
      'part subdivisioncode DE-BY',
      'country countrycode DE',
    ],
    'for people all of them, in this order',
  );
});

/** Few bits differ, so that prefixes contain each other often. */
const prefix = fc
  .record({ bits: fc.integer({ min: 0, max: 255 }), length: fc.integer({ min: 0, max: 8 }), ipv6: fc.boolean() })
  .map(({ bits, length, ipv6 }) => {
    const word = (((bits << 24) & maskOf(length)) | 0) >>> 0;
    return { text: `${formatAddress(ipv6 ? [word, 0, 0, 0] : [word])}/${length}`, word, length, ipv6 };
  });
const footprint = fc.record({
  prefixes: fc.array(prefix, { minLength: 1, maxLength: 4 }),
  asns: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  parts: fc.array(fc.constantFrom('DE-BY', 'DE-BE', 'FR-75'), { maxLength: 2 }),
  countries: fc.array(fc.constantFrom('DE', 'FR'), { maxLength: 1 }),
});
const client = fc.record({
  bits: fc.integer({ min: 0, max: 255 }),
  ipv6: fc.boolean(),
  asn: fc.constantFrom(null, 1, 2, 3, 4),
  subdivision: fc.constantFrom(null, 'DE-BY', 'DE-BE', 'FR-75'),
  country: fc.constantFrom(null, 'DE', 'FR', 'US'),
});
const optional = <Entry>(name: string, entries: readonly Entry[]) => (entries.length === 0 ? {} : { [name]: entries });

test('whatever the zones, the one found is the one that looking through all of them finds', (t) => {
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(footprint, { minLength: 1, maxLength: 6 }),
      fc.array(client, { minLength: 1, maxLength: 12 }),
      (areas, clients) => {
        const written = areas.map(({ prefixes, asns, parts, countries }, at) => ({
          id: `z${at}`,
          sites: ['fra'],
          footprint: {
            ...optional(
              'ipv4cidr',
              prefixes.filter(({ ipv6 }) => !ipv6).map(({ text }) => text),
            ),
            ...optional(
              'ipv6cidr',
              prefixes.filter(({ ipv6 }) => ipv6).map(({ text }) => text),
            ),
            ...optional('asn', asns),
            ...optional('subdivisioncode', parts),
            ...optional('countrycode', countries),
          },
        }));
        const zones = new CoverageZones(zonesOf(...written), SITES);
        for (const { bits, ipv6, asn, subdivision, country } of clients) {
          const word = (bits << 24) >>> 0;
          let best: { zone: number; length: number } | null = null;
          areas.forEach(({ prefixes }, zone) => {
            for (const one of prefixes) {
              const inside = one.ipv6 === ipv6 && (word & maskOf(one.length)) >>> 0 === one.word;
              if (inside && one.length > (best?.length ?? -1)) best = { zone, length: one.length };
            }
          });
          const firstWith = (has: (area: (typeof areas)[number]) => boolean) => areas.findIndex(has);
          const order = [
            (best as { zone: number } | null)?.zone ?? -1,
            asn === null ? -1 : firstWith(({ asns }) => asns.includes(asn)),
            firstWith(({ parts }) => parts.includes(subdivision as never)),
            firstWith(({ countries }) => countries.includes(country as never)),
          ];
          const expected = order.find((zone) => zone >= 0);
          const address = ipv6 ? [word, 0, 0, 0] : [word];
          const found = zones.find(address, { asn, subdivision, country });
          t.is(found?.id, expected === undefined ? undefined : `z${expected}`);
          t.is(
            zones.matches(address, { asn, subdivision, country })[0]?.zone.id,
            found?.id,
            'people are told the same',
          );
          if (found !== null) hits++;
        }
      },
    ),
  );
  t.true(hits > 100);
});

test('a zone that says nothing, and codes that are none, are refused', (t) => {
  const reason = (zone: unknown) => coverageZonesSchema.safeParse({ zones: [zone] }).error?.issues[0]?.message;
  const here = { ipv4cidr: ['192.0.2.0/24'] };
  t.regex(reason({ id: 'a', footprint: here })!, /names no site: give sites, or a position/);
  t.regex(reason({ id: 'a', footprint: {}, sites: ['fra'] })!, /is empty/);
  t.regex(
    reason({ id: 'a', footprint: { ipv4cidr: ['192.0.2.1/24'] }, sites: ['fra'] })!,
    /did you mean 192\.0\.2\.0\/24\?/,
  );
  t.regex(
    reason({ id: 'a', footprint: here, only: true, position: { latitude: 1, longitude: 1 } })!,
    /no sites to be the only/,
  );
  t.is(reason({ id: 'a', footprint: here, position: { latitude: 1, longitude: 1 } }), undefined);
});

test('sites that are none, and what is in two zones, are errors; overlaps are told', (t) => {
  const findings = (...written: unknown[]) => {
    const { errors, notices } = checkZones(zonesOf(...written), SITES);
    const said = (list: typeof errors) => list.map(({ path, message }) => `${path.join('.')}: ${message}`);
    return { errors: said(errors), notices: said(notices) };
  };
  const area = (...ipv4cidr: string[]) => ({ ipv4cidr });
  t.deepEqual(
    findings(
      { id: 'a', footprint: area('192.0.2.0/24'), sites: ['fre', 'fra', 'fra'] },
      { id: 'a', footprint: { asn: [1] }, sites: ['xyz'] },
    ).errors,
    [
      'zones.0.sites.0: there is no site "fre"; did you mean "fra"?',
      'zones.0.sites.2: the site "fra" is named twice',
      'zones.1.id: the zone "a" is there twice',
      'zones.1.sites.0: there is no site "xyz"; there are fra, ams, nyc',
    ],
  );
  const clash = findings(
    { id: 'a', footprint: { ...area('192.0.2.0/24', '192.0.2.0/24'), ipv6cidr: ['2001:db8::/32'] }, sites: ['fra'] },
    {
      id: 'b',
      footprint: { ...area('192.0.2.0/24'), ipv6cidr: ['2001:DB8:0::/32'], countrycode: ['de', 'DE'] },
      sites: ['fra'],
    },
    { id: 'c', footprint: { countrycode: ['De'], asn: [7] }, sites: ['fra'] },
  );
  t.deepEqual(clash.errors, [
    'zones.1.footprint.ipv4cidr.0: 192.0.2.0/24 is in the zone "a", too',
    'zones.1.footprint.ipv6cidr.0: 2001:db8::/32 is in the zone "a", too',
    'zones.2.footprint.countrycode.0: DE is in the zone "b", too',
  ]);
  t.deepEqual(clash.notices, [
    'zones.0.footprint.ipv4cidr.1: 192.0.2.0/24 is there twice',
    'zones.1.footprint.countrycode.1: DE is there twice',
  ]);
  const nested = findings(
    { id: 'a', footprint: area('10.0.0.0/8', '10.1.0.0/16'), sites: ['fra'] },
    { id: 'b', footprint: area('10.1.0.0/24', '10.0.0.0/9'), sites: ['ams'] },
  );
  t.deepEqual(nested.errors, []);
  t.deepEqual(nested.notices, [
    'zones.0.footprint.ipv4cidr.1: 10.1.0.0/16 lies inside 10.0.0.0/9 of the zone "b"; the longer prefix counts',
    'zones.1.footprint.ipv4cidr.0: 10.1.0.0/24 lies inside 10.1.0.0/16 of the zone "a"; the longer prefix counts',
    'zones.1.footprint.ipv4cidr.1: 10.0.0.0/9 lies inside 10.0.0.0/8 of the zone "a"; the longer prefix counts',
  ]);
});
