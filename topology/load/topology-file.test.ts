import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { smallWorld } from '../model/small-worlds.fixture.ts';
import { topologySchema } from '../model/topology.ts';
import { parseChecked } from './checked-yaml.ts';
import { loadTopology, topologyJson, topologyYaml, writeTopology } from './topology-file.ts';

const EXAMPLE = fileURLToPath(new URL('../examples/three-sites.yaml', import.meta.url));

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'undercard-topology-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function reasonFor(t: ExecutionContext, from: string, to: string): string {
  const file = join(folder(t), 'x.yaml');
  const text = readFileSync(EXAMPLE, 'utf8');
  t.true(text.includes(from));
  writeFileSync(file, text.replace(from, to));
  const outcome = loadTopology(file);
  return outcome.kind === 'bad' ? outcome.reason.slice(file.length) : 'accepted';
}

const lineOf = (words: string) =>
  readFileSync(EXAMPLE, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(words)) + 1;

test('the example is read, with the schema’s defaults', (t) => {
  const outcome = loadTopology(EXAMPLE);
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  t.is(outcome.topology.sites.length, 3);
  t.is(outcome.topology.sites[0]!.servers[0]!.role, 'edge');
  t.is(outcome.places.lineOf(['sites', 2, 'network']), lineOf('network: merlion\n') || lineOf('    network: merlion'));
});

test('a mistake has its line, of fields and of references', (t) => {
  t.is(
    reasonFor(t, "to: 'exchange:ix-amsterdam', capacityBps: 2e9", "to: 'exchange:ix-amsterdam', capacty: 2e9"),
    `:${lineOf('id: ams-port')}: links.7: unknown key "capacty", did you mean "capacityBps"?`,
  );
  t.is(
    reasonFor(t, "from: 'network:albion', to: 'network:longhaul'", "from: 'network:albion', to: 'network:longhual'"),
    `:${lineOf('id: albion-transit')}: there is no network longhual, did you mean longhaul?`,
  );
  t.is(
    reasonFor(t, 'providers: [merlion] }', 'providers: [melrion, longhual] }'),
    `:${lineOf('id: nusantara,')}: there is no network melrion, did you mean merlion? (and 2 more: undercard topology check)`,
  );
});

test('two gigabytes are refused unread', (t) => {
  const at = folder(t);
  for (const name of ['x.json', 'x.yaml']) {
    const file = join(at, name);
    writeFileSync(file, '{');
    truncateSync(file, 2_000_000_000);
    const outcome = loadTopology(file);
    t.regex(
      outcome.kind === 'bad' ? outcome.reason : '',
      new RegExp(`^${file}: is too large: 2000000000 bytes, at most \\d+ are read`),
    );
  }
});

test('what is written is read again, whatever is in it, and is the same each time', (t) => {
  const tricky = fc.constantFrom(
    'no',
    'null',
    '1e3',
    'a: b',
    "it's",
    'x #y',
    'new\nline',
    '"',
    '\u2028',
    '日本',
    '- a',
    '',
    '{',
    '0x1',
  );
  fc.assert(
    fc.property(smallWorld, tricky, fc.string({ maxLength: 20 }), (world, one, other) => {
      const topology = topologySchema.parse({
        ...world,
        name: `n${other}`,
        description: one,
        metros: world.metros.map((metro) => ({ ...metro, name: one + other })),
        announcements: [],
      });
      for (const [name, write] of [
        ['x.yaml', topologyYaml],
        ['x.json', topologyJson],
      ] as const) {
        const text = write(topology);
        const read = parseChecked(text, name, topologySchema);
        if (read.kind === 'bad') throw new Error(`${read.reason}\n${text}`);
        if (write(read.value) !== text || JSON.stringify(sorted(read.value)) !== JSON.stringify(sorted(topology)))
          return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.pass();
});

/** Keys in one order, so that only values are compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

test('by the file’s name it is JSON or YAML, one line for each thing', (t) => {
  const at = folder(t);
  const outcome = loadTopology(EXAMPLE);
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  for (const name of ['x.json', 'x.yaml']) {
    const file = join(at, name);
    writeTopology(outcome.topology, file);
    const again = loadTopology(file);
    t.deepEqual(again.kind === 'topology' && again.topology, outcome.topology);
    const lines = readFileSync(file, 'utf8').split('\n');
    t.is(lines.filter((line) => line.includes('capacityBps')).length, outcome.topology.links.length);
    t.is(
      again.kind === 'topology' && again.places.lineOf(['links', 3]),
      lines.findIndex((line) => line.includes('access-hudson-ny')) + 1,
    );
  }
});
