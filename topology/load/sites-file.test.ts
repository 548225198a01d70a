import test from 'ava';
import { loadSites, parseSites } from './sites-file.ts';

const GOOD = `# three lines of comment
# before
sites:
  - id: fra
    country: DE
    latitude: 50.11
    longitude: 8.68
    kind: ix
    edges:
      - { id: edge-1, url: 'http://127.0.0.11:8080', capacityBps: 1e9 }
      - id: edge-2
        url: http://127.0.0.12:8080
        capacityBps: 1_000_000_000
  - id: nyc
    country: US
    latitude: 40.71
    longitude: -74.01
    edges:
      - { id: edge-3, url: 'https://[2001:db8::1]:8443', capacityBps: 1000000000 }
`.replace('1_000_000_000', '1000000000');

const reasonFor = (text: string) => {
  const outcome = parseSites(text, 'sites.yaml');
  return outcome.kind === 'bad' ? outcome.reason : 'accepted';
};
const changed = (from: string | RegExp, to: string) => reasonFor(GOOD.replace(from, to));

test('a good file is read, with its defaults', (t) => {
  const outcome = parseSites(GOOD, 'sites.yaml');
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  const [fra, nyc] = outcome.sites.sites;
  t.like(fra, { id: 'fra', country: 'DE', latitude: 50.11, longitude: 8.68, kind: 'ix' });
  t.deepEqual(fra!.edges[0], { id: 'edge-1', url: 'http://127.0.0.11:8080', capacityBps: 1e9 });
  t.is(nyc!.kind, 'ix');
});

test('what is wrong is named with line and column', (t) => {
  t.regex(
    changed('country: DE', 'country: Germany'),
    /^sites\.yaml:5:14: sites\.0\.country: must be an ISO 3166-1 code/,
  );
  t.regex(changed('latitude: 50.11', 'latitude: 95'), /^sites\.yaml:6:15: sites\.0\.latitude: .*90/);
  t.regex(changed('kind: ix', 'kind: pop'), /^sites\.yaml:8:11: sites\.0\.kind: .*"ix"\|"embedded"/);
  t.regex(
    changed('12:8080', '12:8080/x'),
    /^sites\.yaml:12:14: sites\.0\.edges\.1\.url: must be scheme, host and port/,
  );
});

test('an unknown field is named where it stands, a missing one where it is missing', (t) => {
  t.regex(changed('kind: ix', 'colour: red'), /^sites\.yaml:8:5: sites\.0: .*"colour"/);
  t.regex(
    changed('    longitude: -74.01\n', ''),
    /^sites\.yaml:14:5: sites\.1\.longitude: is missing: expected a number$/,
  );
  t.regex(
    changed("{ id: edge-1, url: 'http://127.0.0.11:8080', capacityBps: 1e9 }", '7'),
    /^sites\.yaml:10:9: sites\.0\.edges\.0: /,
  );
});

test('names and URLs are unique', (t) => {
  t.regex(
    changed('id: nyc', 'id: fra'),
    /^sites\.yaml:14:9: sites\.1\.id: "fra" is there twice, first at sites\.0\.id/,
  );
  t.regex(changed('edge-3', 'edge-2'), /^sites\.yaml:19:15: .*"edge-2" is there twice/);
  t.regex(changed('127.0.0.12', '127.0.0.11'), /^sites\.yaml:12:14: .* is there twice/);
});

test('bad YAML, an empty file, a bomb of aliases and a missing file get one line', async (t) => {
  t.regex(reasonFor('sites: [\n  - }'), /^sites\.yaml:\d+:\d+: /);
  t.regex(reasonFor(''), /^sites\.yaml:1:1: /);
  t.regex(reasonFor('sites: &a [*a, *a]'), /^sites\.yaml:/);
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < 9; level++) {
    const [name, before] = [level, level - 1].map((at) => String.fromCharCode(97 + at));
    bomb.push(`${name}: &${name} [${`*${before},`.repeat(9)}]`);
  }
  t.regex(reasonFor(bomb.join('\n')), /^sites\.yaml:1:1: .*alias/i);
  const missing = await loadSites('/nonexistent.yaml');
  t.deepEqual(missing, { kind: 'bad', reason: '/nonexistent.yaml: no such file' });
  for (const reason of [reasonFor('sites: ['), changed('country: DE', 'country: Germany')])
    t.false(reason.includes('\n'));
});
