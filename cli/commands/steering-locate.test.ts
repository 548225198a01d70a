import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { BadInput } from '../../runtime/bad-input.ts';
import { mmdbOf } from '../../topology/load/mmdb-writer.fixture.ts';
import { locationConfigOf } from './location-flags.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));

function locate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'steering', 'locate', ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : (error.code as unknown as number), out, err });
    });
  });
}

async function files(t: ExecutionContext, contents: Record<string, string | Uint8Array>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return Promise.all(
    Object.entries(contents).map(async ([name, content]) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    }),
  );
}

const ZONES = `zones:
  - { id: office, sites: [singapore], only: true, footprint: { ipv4cidr: [198.18.33.0/24] } }
  - { id: britain, sites: [amsterdam], footprint: { countrycode: [gb] } }
`;

test('each link of the chain says what it says, one address after the other', async (t) => {
  const [zones, mmdb] = await files(t, {
    'zones.yaml': ZONES,
    'x.mmdb': mmdbOf({
      '203.0.113.0/24': {
        country: { iso_code: 'US' },
        city: { names: { en: 'Joliet' } },
        location: { latitude: 41.525, longitude: -88.0817 },
        autonomous_system_number: 64999,
      },
    }),
  });
  const addresses = ['198.18.33.1', '198.18.34.1', '203.0.113.7', '10.0.0.1'];
  const { code, out, err } = await locate(
    ...addresses.flatMap((address) => ['--ip', address]),
    ...['--topology', EXAMPLE, '--coverage-zones', zones!, '--mmdb', mmdb!, '--default-country', 'sg'],
  );
  t.is(err, '');
  t.is(code, 0);
  t.is(
    out,
    `198.18.33.1
  coverage zones  "office" by ipv4cidr 198.18.33.0/24: singapore, and no others
                  also in "britain" by countrycode GB, which counts less
  topology        198.18.32.0/20 of albion (AS64502) in london
  databases       Test-City: nothing
  located by      prefix: subscriber of albion in london, GB
  sites           0 singapore (coverage-zone)
198.18.34.1
  coverage zones  "britain" by countrycode GB: amsterdam, then as without it
  topology        198.18.32.0/20 of albion (AS64502) in london
  databases       Test-City: nothing
  located by      prefix: subscriber of albion in london, GB
  sites           0 amsterdam (coverage-zone)
                  1 new-york (transit)
203.0.113.7
  coverage zones  in none
  topology        no announced prefix covers it
  databases       Test-City: 203.0.113.0/24 US, Joliet, 41.53,-88.08, AS64999
  located by      city: US, the cell of the grid round 41.75,-88.25
  sites           0 new-york (nearest-site)
                  1 amsterdam (farther-site)
                  2 singapore (farther-site)
10.0.0.1
  coverage zones  in none
  topology        no announced prefix covers it
  databases       Test-City: nothing
  located by      nothing: the stated default, 1.3,103.85
  sites           0 singapore (default-place)
                  1 amsterdam (default-place)
                  2 new-york (default-place)
`,
  );
});

test('--json has all of it, a line an address', async (t) => {
  const [sites, zones] = await files(t, {
    'sites.yaml': `sites:\n  - { id: singapore, country: SG, latitude: 1.35, longitude: 103.82, edges: [{ id: e1, url: 'http://127.0.0.1:1', capacityBps: 1e9 }] }\n`,
    'zones.json': JSON.stringify({ coverageZones: { singapore: { network: ['8.8.8.0/24'] } } }),
  });
  const { out } = await locate('--ip', '::ffff:8.8.8.8', '--sites', sites!, '--coverage-zones', zones!, '--json');
  const { databases, ...told } = JSON.parse(out);
  t.deepEqual(told, {
    address: '8.8.8.8',
    zones: [
      { id: 'singapore', by: 'ipv4cidr', value: '8.8.8.0/24', sites: ['singapore'], only: false, position: null },
    ],
    prefix: null,
    locatedBy: 'country',
    country: 'US',
    subdivision: null,
    asn: null,
    subscriber: null,
    position: null,
    sites: [{ site: 'singapore', reason: 'coverage-zone' }],
  });
  t.like(databases[0], { type: 'country ipvAll', country: 'US' });
});

test('what cannot be used gets one line, and 2', async (t) => {
  const bad = await locate('--ip', '1.2.3');
  t.is(bad.code, 2);
  t.is(bad.err, 'undercard: --ip: "1.2.3" is no IPv4 or IPv6 address\n');
  const nameless = await locate('--ip', '::1', '--coverage-zones', EXAMPLE);
  t.is(nameless.code, 2);
  t.regex(nameless.err, /^undercard: --coverage-zones names sites: give --sites <file>[^\n]*\n$/);
});

test('the default place is a country or a position, and not both', async (t) => {
  const placeOf = async (flags: { defaultCountry?: string; defaultPosition?: string }) =>
    (await locationConfigOf({ policy: 'network', ...flags })).defaultPosition;
  t.is(await placeOf({}), undefined);
  t.deepEqual(await placeOf({ defaultPosition: '50.11,-8.68' }), { latitude: 50.11, longitude: -8.68 });
  t.deepEqual(await placeOf({ defaultCountry: 'de' }), await placeOf({ defaultCountry: 'DE' }));
  t.true(Math.abs((await placeOf({ defaultCountry: 'DE' }))!.latitude - 51) < 2);
  for (const [flags, expected] of [
    [{ defaultCountry: 'XX' }, /^--default-country: "XX" is no country/],
    [{ defaultPosition: '91,0' }, /^--default-position: "91,0" is no position/],
    [{ defaultPosition: '1' }, /is no position/],
    [{ defaultPosition: '1,' }, /is no position/],
    [{ defaultPosition: '1,2,3' }, /is no position/],
    [{ defaultPosition: '1,2', defaultCountry: 'DE' }, /give one of them$/],
  ] as const) {
    const { message } = await t.throwsAsync(placeOf(flags), { instanceOf: BadInput });
    t.regex(message, expected);
  }
});
