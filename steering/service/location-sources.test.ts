import { mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import pino from 'pino';
import { BadInput } from '../../runtime/bad-input.ts';
import { loadTopology, topologyJson } from '../../topology/load/topology-file.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { mmdbOf, type MmdbValue } from '../../topology/load/mmdb-writer.fixture.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import { ask, GERMAN, openSteering } from './steering.fixture.ts';

const THREE_SITES = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));
const SITES_YAML = `sites:
  - { id: amsterdam, country: NL, latitude: 52.37, longitude: 4.89, edges: [{ id: edge-1, url: 'http://127.0.0.11:1', capacityBps: 1e9 }] }
  - { id: new-york, country: US, latitude: 40.71, longitude: -74.01, edges: [{ id: edge-3, url: 'http://127.0.0.13:1', capacityBps: 1e9 }] }
  - { id: singapore, country: SG, latitude: 1.35, longitude: 103.82, kind: embedded, edges: [{ id: edge-5, url: 'http://127.0.0.15:1', capacityBps: 1e9 }] }
`;
const ZONES = (site: string, prefix = '10.0.0.0/8') =>
  `zones:\n  - { id: office, sites: [${site}], footprint: { ipv4cidr: [${prefix}] } }\n`;
const places = (country: string, extra: Record<string, MmdbValue> = {}) =>
  mmdbOf({ '192.0.2.0/24': { country: { iso_code: country } }, ...extra });

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** As whoever updates a database should do it. */
async function replace(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function open(t: ExecutionContext, config: Parameters<typeof openSteering>[1] = {}) {
  const lines: { level: number; msg: string; reason?: string; first?: string }[] = [];
  const log = pino(
    {},
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(chunk.toString()));
        done();
      },
    }),
  );
  const { url, admin } = await openSteering(t, { yaml: SITES_YAML, watchEveryMs: 10, log, ...config });
  const servers = async (ip: string) => {
    const { status, body } = await ask(`${url}/v1/servers?path=/live/demo/&ip=${ip}`);
    t.is(status, 200);
    return serversAnswerSchema.parse(JSON.parse(body));
  };
  const first = async (ip: string) => {
    const [server] = (await servers(ip)).servers;
    return `${server!.site} ${server!.reasons[0]}`;
  };
  const inputs = async () => JSON.parse((await ask(`${admin}/state`)).body).inputs;
  const metrics = async () => (await ask(`${admin}/metrics`)).body;
  return { lines, servers, first, inputs, metrics };
}

/** Waits on the condition, however slow the machine is. */
async function until(t: ExecutionContext, what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 40_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`${t.title}: never ${what}`);
    await sleep(10);
  }
}

test('the chain over sockets: zone, prefix, AS number, city, country by the database that comes along, default', async (t) => {
  const folder = await folderOf(t);
  const [cities, networks, zones] = ['cities.mmdb', 'networks.mmdb', 'zones.yaml'].map((name) => join(folder, name));
  const nearSingapore = { location: { latitude: 3.1, longitude: 101.7 }, city: { names: { en: 'Kuala Lumpur' } } };
  await writeFile(cities!, places('US', { '203.0.113.0/24': { country: { iso_code: 'MY' }, ...nearSingapore } }));
  const merlion = { autonomous_system_number: 64504 };
  await writeFile(networks!, mmdbOf({ '192.0.2.0/25': merlion, 'fd77:77:77::/48': merlion }, { type: 'Test-ASN' }));
  await writeFile(zones!, ZONES('singapore', '198.18.1.0/24'));
  const { first, metrics } = await open(t, {
    topologyFile: THREE_SITES,
    mmdbFiles: [networks!],
    coverageZonesFile: zones!,
    defaultPosition: { latitude: 40, longitude: -80 },
  });
  t.is(await first('198.18.1.7'), 'singapore coverage-zone');
  t.is(await first('198.18.2.7'), 'amsterdam private');
  t.is(await first('fd77:77:77::1'), 'singapore embedded', 'by the AS number');
  t.is(await first(GERMAN), 'amsterdam nearest-site', 'by the CC0 database, as the given one knows no countries');
  t.is(await first('10.1.1.1'), 'new-york default-place');
  const withCities = await open(t, { mmdbFiles: [cities!] });
  t.is(await withCities.first('203.0.113.1'), 'singapore nearest-site');
  t.is(await withCities.first(GERMAN), 'amsterdam default-order', 'a given database of places stands alone');
  for (const by of ['coverage-zone', 'prefix', 'asn', 'country', 'default']) {
    t.regex(await metrics(), new RegExp(`undercard_steering_clients_total\\{located_by="${by}",[^}]*\\} 1`));
  }
  t.regex(await withCities.metrics(), /undercard_steering_clients_total\{located_by="city",[^}]*\} 1/);
});

test('a database that is replaced is taken in, and every request meanwhile is answered', async (t) => {
  const file = join(await folderOf(t), 'x.mmdb');
  await writeFile(file, places('US'));
  const { servers, first, inputs, metrics } = await open(t, { mmdbFiles: [file] });
  t.is(await first('192.0.2.1'), 'new-york nearest-site');
  let asked = 0;
  const asker = { stop: false };
  const asking = (async () => {
    while (!asker.stop) {
      const { client } = await servers('192.0.2.1');
      t.regex(client.country!, /^(?:US|DE|SG)$/);
      asked++;
    }
  })();
  for (const [version, [country, site]] of [
    ['DE', 'amsterdam'],
    ['SG', 'singapore'],
  ].entries()) {
    await replace(file, places(country!));
    await until(t, `at ${site}`, async () => (await first('192.0.2.1')) === `${site} nearest-site`);
    await until(t, 'told', async () => (await inputs())[0].version === version + 2);
  }
  asker.stop = true;
  await asking;
  t.true(asked > 0);
  t.regex(await metrics(), /undercard_steering_readings_total\{input="mmdb",outcome="taken",[^}]*\} 2/);
});

test('a broken file leaves things as they are, with one line in the log and a count; a good one mends it', async (t) => {
  const folder = await folderOf(t);
  const [mmdb, zones] = [join(folder, 'x.mmdb'), join(folder, 'zones.yaml')];
  await writeFile(mmdb, places('US'));
  await writeFile(zones, ZONES('singapore'));
  const { first, lines, inputs, metrics } = await open(t, { mmdbFiles: [mmdb], coverageZonesFile: zones });
  const refusedTwice = async () => (await inputs()).every(({ refused }: { refused: unknown }) => refused !== null);
  await replace(mmdb, (await readFile(mmdb)).subarray(0, 40));
  await replace(zones, ZONES('singapur'));
  await until(t, 'refused', refusedTwice);
  t.is(await first('192.0.2.1'), 'new-york nearest-site');
  t.is(await first('10.1.1.1'), 'singapore coverage-zone');
  const warnings = lines.filter(({ level }) => level === 40).map(({ reason }) => reason);
  t.is(warnings.length, 2);
  t.true(warnings.includes(`${mmdb}: not an MMDB file, or a damaged one`));
  t.true(warnings.includes(`${zones}:2: there is no site "singapur"; did you mean "singapore"?`));
  t.regex(await metrics(), /undercard_steering_readings_total\{input="coverage-zones",outcome="refused",[^}]*\} 1/);
  await replace(mmdb, places('SG'));
  await replace(zones, ZONES('amsterdam'));
  await until(t, 'mended', async () => (await first('10.1.1.1')) === 'amsterdam coverage-zone');
  await until(t, 'mended', async () => (await first('192.0.2.1')) === 'singapore nearest-site');
  t.false(await refusedTwice());
});

test('a file that is gone leaves things as they are until it is back', async (t) => {
  const file = join(await folderOf(t), 'x.mmdb');
  await writeFile(file, places('US'));
  const { first, inputs } = await open(t, { mmdbFiles: [file] });
  await unlink(file);
  await until(t, 'missed', async () => (await inputs())[0].refused !== null);
  t.is(await first('192.0.2.1'), 'new-york nearest-site');
  await writeFile(file, places('DE'));
  await until(t, 'back', async () => (await first('192.0.2.1')) === 'amsterdam nearest-site');
  t.is((await inputs())[0].refused, null);
});

test('a topology that has changed is taken in: prefixes, routes and the numbers of sites', async (t) => {
  const file = join(await folderOf(t), 'world.yaml');
  const text = await readFile(THREE_SITES, 'utf8');
  await writeFile(file, text);
  const { first, inputs } = await open(t, { topologyFile: file });
  const atLeast = async (version: number) => (await inputs()).at(-1).version >= version;
  t.is(await first('198.18.1.1'), 'amsterdam private');
  const moved = text.replace(
    '198.18.0.0/20, network: polder, metro: amsterdam',
    '198.18.0.0/20, network: merlion, metro: singapore',
  );
  await replace(file, moved);
  await until(t, 'moved', async () => (await first('198.18.1.1')) === 'singapore embedded');
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line === 'sites:');
  const end = lines.findIndex((line, at) => at > start && line === '');
  const items = lines
    .slice(start + 1, end)
    .join('\n')
    .split(/\n(?= {2}- id:)/);
  t.is(items.length, 3);
  const reordered = [...lines.slice(0, start + 1), ...items.toReversed(), ...lines.slice(end)].join('\n');
  await replace(file, reordered);
  await until(t, 'read', () => atLeast(3));
  t.is(await first('198.18.1.1'), 'amsterdam private', 'whose number in the topology is another now');
  t.is(await first('198.18.81.1'), 'singapore embedded');
  await replace(file, reordered.replaceAll('new-york', 'york'));
  await until(t, 'refused', async () => (await inputs()).at(-1).refused !== null);
  t.regex(
    (await inputs()).at(-1).refused,
    /world\.yaml: no site "new-york", which .*sites\.yaml has; it has singapore, york, amsterdam$/,
  );
  t.is(await first('198.18.49.1'), 'new-york private');
});

test('overlapping zones are told in one line', async (t) => {
  const zones = join(await folderOf(t), 'zones.yaml');
  const inner = '  - { id: lab, sites: [amsterdam], footprint: { ipv4cidr: [10.1.0.0/16] } }\n';
  await writeFile(zones, ZONES('singapore') + inner);
  const { first, lines } = await open(t, { coverageZonesFile: zones });
  t.is(await first('10.1.1.1'), 'amsterdam coverage-zone');
  t.is(await first('10.2.1.1'), 'singapore coverage-zone');
  const told = lines.filter(({ msg }) => msg === 'coverage zones overlap');
  t.is(told.length, 1);
  t.is(told[0]!.first, `${zones}:3: 10.1.0.0/16 lies inside 10.0.0.0/8 of the zone "office"; the longer prefix counts`);
});

test('files that cannot be used are refused at the start, each with one line', async (t) => {
  const folder = await folderOf(t);
  const refused = async (config: Parameters<typeof openSteering>[1], expected: RegExp) => {
    const { message } = await t.throwsAsync(open(t, config), { instanceOf: BadInput });
    t.regex(message, expected);
    t.false(message.includes('\n'));
  };
  const file = join(folder, 'zones.yaml');
  await refused({ coverageZonesFile: file }, /^--coverage-zones .*zones\.yaml: no such file$/);
  await writeFile(file, ZONES('nowhere'));
  await refused(
    { coverageZonesFile: file },
    /^--coverage-zones .*zones\.yaml:2: there is no site "nowhere"; there are amsterdam,/,
  );
  await writeFile(join(folder, 'x.mmdb'), 'x');
  await refused({ mmdbFiles: [join(folder, 'x.mmdb')] }, /^--mmdb .*x\.mmdb: not an MMDB file/);
});

test('a large topology is read in a thread of its own, with what is wrong with it and without', async (t) => {
  const file = join(await folderOf(t), 'world.json');
  const { topology } = loadTopology(THREE_SITES) as { topology: Topology };
  // Spaces make it large: what matters is its size on the disk.
  const large = (text: string) => text + ' '.repeat(2 ** 20);
  await writeFile(file, large(topologyJson(topology)));
  const { first, inputs } = await open(t, { topologyFile: file });
  t.is(await first('198.18.1.1'), 'amsterdam private');
  await replace(file, large(topologyJson(topology).replace('"metro":"amsterdam"', '"metro":"amstredam"')));
  await until(t, 'refused', async () => (await inputs()).at(-1).refused !== null);
  t.regex((await inputs()).at(-1).refused, /world\.json:\d+: .*amstredam/);
  t.is(await first('198.18.1.1'), 'amsterdam private');
});
