import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseCoverageZones, readCoverageZones } from './coverage-zones-file.ts';

const SITES = ['fra', 'ams', 'nyc'];

const GOOD = `zones:
  - id: campus
    sites: [fra, ams]
    footprint:
      ipv4cidr: [192.0.2.0/24]
      countrycode: [de]
`;

const parse = (text: string, name = 'zones.yaml') => parseCoverageZones(text, name, SITES);
const reasonOf = (text: string, name?: string) => {
  const outcome = parse(text, name);
  return outcome.kind === 'bad' ? outcome.reason : 'good';
};

test('a file of zones', (t) => {
  t.deepEqual(parse(GOOD), {
    kind: 'zones',
    zones: [
      {
        id: 'campus',
        sites: ['fra', 'ams'],
        only: false,
        footprint: { ipv4cidr: ['192.0.2.0/24'], countrycode: ['DE'] },
      },
    ],
    notices: [],
  });
});

test('what is wrong is one line: file, line, what, and the right name where one is near', (t) => {
  t.is(
    reasonOf(GOOD.replace('fra', 'frankfurt')),
    'zones.yaml:3: there is no site "frankfurt"; there are fra, ams, nyc',
  );
  t.is(reasonOf(GOOD.replace('ams', 'amz')), 'zones.yaml:3: there is no site "amz"; did you mean "ams"?');
  t.regex(
    reasonOf(GOOD.replace('ipv4cidr', 'ipv4cdir')),
    /^zones\.yaml:5:7: zones\.0\.footprint: unknown key "ipv4cdir", did you mean "ipv4cidr"\?$/,
  );
  t.regex(
    reasonOf(GOOD.replace('2.0/24', '2.7/24')),
    /^zones\.yaml:5:\d+: zones\.0\.footprint\.ipv4cidr\.0: "192\.0\.2\.7\/24" has bits after its length, did you mean 192\.0\.2\.0\/24\?$/,
  );
  t.regex(reasonOf(GOOD.replace('192.0.2.0/24', '2001:db8::/32')), /goes under ipv6cidr/);
  t.regex(reasonOf(GOOD.replace('[de]', '[Germany]')), /^zones\.yaml:6:\d+: .*ISO 3166-1/);
  t.regex(reasonOf('zones: []'), /^zones\.yaml:1:8: zones: /);
  t.regex(reasonOf(''), /^zones\.yaml:1:1: must be a map with zones/);
  t.regex(reasonOf('{"zones": [}', 'zones.json'), /^zones\.json:1:12: /);
});

test('of several errors the first is told, and how many there are', (t) => {
  const twice = `${GOOD}  - { id: campus, sites: [x], footprint: { countrycode: [DE] } }\n`;
  t.is(reasonOf(twice), 'zones.yaml:7: the zone "campus" is there twice (and 2 more)');
});

test('overlaps are told, each with its line', (t) => {
  const outcome = parse(`${GOOD}  - { id: lab, sites: [nyc], footprint: { ipv4cidr: [192.0.2.128/25] } }\n`);
  t.deepEqual(outcome.kind === 'zones' && outcome.notices, [
    'zones.yaml:7: 192.0.2.128/25 lies inside 192.0.2.0/24 of the zone "campus"; the longer prefix counts',
  ]);
});

const TRAFFIC_CONTROL = JSON.stringify({
  revision: '2026-11-24',
  customerName: 'someone',
  coverageZones: {
    fra: { network: ['192.0.2.0/24'], network6: ['2001:db8::/32'], coordinates: { latitude: 50, longitude: 8 } },
    'group 2': { network: ['198.51.100.0/24'], coordinates: { latitude: 40.7, longitude: -74 } },
    empty: { coordinates: { latitude: 1, longitude: 1 } },
  },
});

test('a coverage zone file of Apache Traffic Control: groups are sites, or where their coordinates say', (t) => {
  const outcome = parse(TRAFFIC_CONTROL, 'czf.json');
  t.deepEqual(outcome, {
    kind: 'zones',
    zones: [
      {
        id: 'fra',
        footprint: { ipv4cidr: ['192.0.2.0/24'], ipv6cidr: ['2001:db8::/32'] },
        sites: ['fra'],
        only: false,
      },
      {
        id: 'group 2',
        footprint: { ipv4cidr: ['198.51.100.0/24'] },
        sites: [],
        only: false,
        position: { latitude: 40.7, longitude: -74 },
      },
    ],
    notices: [],
  });
});

test('what is wrong with a file of Traffic Control has its line, too', (t) => {
  const written = (zones: unknown) => JSON.stringify({ coverageZones: zones }, null, 1);
  t.regex(
    reasonOf(written({ frx: { network: ['192.0.2.0/24'] } }), 'czf.json'),
    /^czf\.json:3: there is no site "frx"; did you mean "fra"\?$/,
  );
  t.regex(
    reasonOf(written({ fra: { network: ['192.0.2.9/24'] } }), 'czf.json'),
    /^czf\.json:5:\d+: .* did you mean 192\.0\.2\.0\/24/,
  );
  const twice = { fra: { network: ['192.0.2.0/24'] }, ams: { network: ['10.0.0.0/8', '192.0.2.0/24'] } };
  t.is(reasonOf(written(twice), 'czf.json'), 'czf.json:11: 192.0.2.0/24 is in the zone "fra", too');
});

test('a file that cannot be read is said so', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  t.deepEqual(readCoverageZones(join(folder, 'none.yaml'), SITES), {
    kind: 'bad',
    reason: `${folder}/none.yaml: no such file`,
  });
  const file = join(folder, 'zones.yaml');
  await writeFile(file, GOOD);
  t.is(readCoverageZones(file, SITES).kind, 'zones');
  await writeFile(file, Buffer.alloc(9 * 2 ** 20, 0x20));
  t.deepEqual(readCoverageZones(file, SITES), {
    kind: 'bad',
    reason: `${file}: is too large: 9437184 bytes, at most 8388608 are read`,
  });
});
