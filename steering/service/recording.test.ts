import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createLog } from '../../runtime/log.ts';
import { checkLines, whatIf, without } from '../policy/record/record.fixture.ts';
import { DEFAULT_STEERING } from '../policy/steering-config.ts';
import { Evening, temporaryFolder } from './recorded-evening.fixture.ts';
import type { RecordConfig } from './recording.ts';
import { ask, demoSource, GERMAN, openSource, SITES_YAML, sitesFile } from './steering.fixture.ts';
import { startSteering, type SteeringConfig } from './steering.ts';

interface Recorded {
  evening: Evening;
  path: string;
  urls: Record<string, string>;
  close: () => Promise<void>;
}

/** By the clocks that a service has; probes find nobody at the servers' addresses, and that is recorded, too. */
async function openRecorded(
  t: ExecutionContext,
  record: Partial<RecordConfig> = {},
  changes: Partial<SteeringConfig> = {},
): Promise<Recorded> {
  const path = record.path ?? join(await temporaryFolder(t), 'steering.log');
  const service = await startSteering({
    id: 'steering',
    listen: { host: '127.0.0.1', port: 0 },
    admin: { address: { host: '127.0.0.1', port: 0 } },
    sitesFile: await sitesFile(t),
    eventsFrom: await openSource(t, demoSource),
    trustedProxies: [],
    allowIpParameter: true,
    tuning: { ...DEFAULT_STEERING, probes: { ...DEFAULT_STEERING.probes, everyMs: 100, timeoutMs: 200 } },
    log: createLog('steering', 'silent'),
    record: { path, maxBytes: 1e9, keep: 2, addresses: false, ...record },
    ...changes,
  });
  t.teardown(() => service.close());
  const evening = new Evening({ url: service.urls.listen!, admin: service.urls.admin! });
  return { evening, path, urls: service.urls, close: () => service.close() };
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

test('what a service decided over sockets, and showed to people, comes out the same again', async (t) => {
  const { evening, path, urls, close } = await openRecorded(t);
  await evening.pass();
  for (let at = 0; at < 5; at++) {
    const { status } = await ask(`${urls.admin}/v1/explain?ip=${GERMAN}&path=/live/demo/&session=e${at}`);
    t.is(status, 200);
    await evening.view(`after-${at}`);
  }
  const probed = async () =>
    /^undercard_steering_probes_total\{.*\} [1-9]/m.test((await ask(`${urls.admin}/metrics`)).body);
  for (let wait = 0; wait < 200 && !(await probed()); wait++) await delay(100);
  await close();
  const lines = linesOf(path);
  const outcome = checkLines(lines);
  if (outcome.kind !== 'same') return t.fail(JSON.stringify(outcome));
  t.is(outcome.check.decisions, evening.decisions);
  t.is(outcome.check.uncompared, 0);
  const kinds = new Map<string, number>();
  for (const line of lines) kinds.set(line[2]!, (kinds.get(line[2]!) ?? 0) + 1);
  t.is(kinds.get('n'), 16);
  t.is(kinds.get('s'), 40);
  t.is(kinds.get('e'), 5);
  t.true(kinds.get('x')! > 0, 'probes');
  const text = lines.join('\n');
  for (const word of ['play-hls', 'steer-hls', 'servers', '/live/demo', '/vod/film']) t.true(text.includes(word), word);
  for (const secret of [GERMAN, 'v0x', 'after-1', 'reportToken']) t.false(text.includes(secret), secret);
  const moved = whatIf(lines, without('fra')).moved.filter(({ from }) => from === 'fra');
  t.true(moved.length > 0 && moved.every(({ to }) => to === 'nyc'));
});

test('addresses are recorded where that is wanted; tokens never are', async (t) => {
  const yaml = SITES_YAML.replace('sites:', "reportToken: 'not-for-everybodys-eyes'\nsites:");
  const { evening, path, close } = await openRecorded(t, { addresses: true }, { sitesFile: await sitesFile(t, yaml) });
  await evening.view('a');
  await close();
  const text = readFileSync(path, 'utf8');
  t.true(text.includes(`"${GERMAN}"`) || text.includes('"8.8.8.8"'));
  t.false(text.includes('not-for-everybodys-eyes'));
  t.is(checkLines(linesOf(path)).kind, 'same');
});

test('a file that is read anew makes another version of the inputs', async (t) => {
  const zones = join(await temporaryFolder(t), 'zones.yaml');
  const zoneOf = (site: string) =>
    `zones:\n  - id: home\n    footprint: { ipv4cidr: ['${GERMAN}/32'] }\n    sites: [${site}]\n`;
  writeFileSync(zones, zoneOf('nyc'));
  const { evening, path, urls, close } = await openRecorded(t, {}, { coverageZonesFile: zones, watchEveryMs: 20 });
  await evening.report();
  const first = async () => {
    const { body } = await ask(`${urls.listen}/v1/servers?path=/live/demo/&session=a&ip=${GERMAN}`);
    return (JSON.parse(body) as { servers: { site: string }[] }).servers[0]!.site;
  };
  t.is(await first(), 'nyc');
  writeFileSync(zones, zoneOf('fra'));
  const deadlineMs = performance.now() + 40_000;
  while ((await first()) !== 'fra' && performance.now() < deadlineMs) await evening.report();
  while ((await first()) === 'fra' && !linesHave(path, '["v"') && performance.now() < deadlineMs)
    await evening.report();
  await first();
  await close();
  const lines = linesOf(path);
  t.is(checkLines(lines).kind, 'same');
  const changed = JSON.parse(lines.find((line) => line.startsWith('["v"'))!) as [string, number, number, object];
  t.deepEqual(Object.keys(changed[3]), ['coverage-zones']);
  t.is(changed[2], 1);
  t.is((JSON.parse(lines.at(-1)!) as number[])[2], 1, 'decisions say by which version they were made');
  const { inputs } = (JSON.parse(lines[0]!) as [string, { inputs: Record<string, string> }])[1];
  t.deepEqual(Object.keys(inputs).sort(), ['coverage-zones', 'sites']);
  t.regex(inputs.sites!, /^sha256:[0-9a-f]{64}$/);
});

function linesHave(path: string, beginning: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').includes(`\n${beginning}`);
}

test('a record that cannot be written is said before anybody is served', async (t) => {
  await t.throwsAsync(openRecorded(t, { path: await temporaryFolder(t) }), {
    code: 'BAD_INPUT',
    message: /^--record: ".*" is a directory, not a file$/,
  });
});
