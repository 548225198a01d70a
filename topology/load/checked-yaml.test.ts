import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { z } from 'zod';
import { parseChecked, readChecked } from './checked-yaml.ts';

const schema = z.strictObject({
  name: z.string(),
  size: z.number().int().max(100).optional(),
  links: z
    .array(z.strictObject({ id: z.string(), kind: z.enum(['peering', 'transit']), capacityBps: z.number().positive() }))
    .default([]),
  source: z
    .union([z.strictObject({ file: z.string() }), z.strictObject({ generate: z.strictObject({ sites: z.number() }) })])
    .optional(),
  adminToken: z
    .string()
    .regex(/^\w{4,}$/, '4 letters')
    .optional(),
});

function reasonFor(text: string, name = 'x.yaml'): string {
  const outcome = parseChecked(text, name, schema);
  return outcome.kind === 'bad' ? outcome.reason : 'accepted';
}

const YAML = `# a comment
name: first
links:
  - { id: a, kind: peering, capacityBps: 1e9 }
  - id: b
    kind: transit
    capacityBps: 5
`;
const JSON_TEXT = `{
  "name": "first",
  "links": [
    { "id": "a", "kind": "peering", "capacityBps": 1e9 },
    { "id": "b",
      "kind": "transit",
      "capacityBps": 5 }
  ]
}
`;

test('what is wrong is told with line, and how to mend it, in YAML and JSON alike', (t) => {
  const both = (from: string, to: string) => [
    reasonFor(YAML.replace(from, to)).slice(7),
    reasonFor(
      JSON_TEXT.replace(new RegExp(from.replace(/^(\w+)/, '"$1"')), to.replace(/^(\w+)/, '"$1"')),
      'x.json',
    ).slice(7),
  ];
  t.deepEqual(
    both('capacityBps: 5', 'capacty: 5'),
    Array(2).fill('7: links.1: unknown key "capacty", did you mean "capacityBps"?'),
  );
  t.deepEqual(
    both('capacityBps: 5', 'capacityBps: -5'),
    Array(2).fill('7: links.1.capacityBps: Too small: expected number to be >0, got -5'),
  );
  t.deepEqual(
    both('capacityBps: 5', 'capacityBps: "5G"'),
    Array(2).fill('7: links.1.capacityBps: expected a number, got "5G", write digits without quotes or unit'),
  );
});

test('each kind of mistake has its sentence', (t) => {
  t.is(reasonFor('size: 5'), 'x.yaml:1: name: is missing: expected a text');
  t.is(reasonFor('name: [a]'), 'x.yaml:1: name: expected a text, got a list');
  t.is(reasonFor('name: a\nlinks: 7'), 'x.yaml:2: links: expected a list, got 7');
  t.is(reasonFor('name: a\nsize: 1.5'), 'x.yaml:2: size: expected a whole number, got 1.5');
  t.is(reasonFor('- a'), 'x.yaml:1: must be a map with name, size, links, source, adminToken');
  t.is(reasonFor(''), 'x.yaml:1: must be a map with name, size, links, source, adminToken');
  t.is(
    reasonFor(YAML.replace('transit', 'tranist')),
    'x.yaml:6: links.1.kind: Invalid option: expected one of "peering"|"transit", got "tranist"; did you mean "transit"?',
  );
  t.is(
    reasonFor('name: a\ncolour: red'),
    'x.yaml:2: unknown key "colour"; known here: name, size, links, source, adminToken',
  );
  t.is(
    reasonFor('name: a\nsource:\n  generate:\n    stes: 3\n    sites: 4'),
    'x.yaml:4: source.generate: unknown key "stes", did you mean "sites"?',
  );
});

test('a secret is not repeated', (t) => {
  t.is(reasonFor('name: a\nadminToken: "!"'), 'x.yaml:2: adminToken: must be 4 letters');
});

test('broken texts, keys that are there twice and bombs are one line', (t) => {
  t.regex(reasonFor('name: a\nlinks: [\n  - }'), /^x\.yaml:3: /);
  t.is(
    reasonFor('name: a\nname: b'),
    'x.yaml:2: the key "name" is there twice; the first would be forgotten, so remove one',
  );
  t.is(
    reasonFor('{\n"name": "a",\n"links": [{"id": 1, "id": 2}] }', 'x.json'),
    'x.json:3: the key "id" is there twice; the first would be forgotten, so remove one',
  );
  t.regex(reasonFor('{\n"name": "a",\n}', 'x.json'), /^x\.json:3: Expected double-quoted property name$/);
  t.is(reasonFor('{\n"name": tru}', 'x.json'), "x.json:2: Unexpected token '}'");
  t.is(reasonFor('{\n"name":', 'x.json'), 'x.json:2: Unexpected end of JSON input');
  t.is(reasonFor('', 'x.json'), 'x.json:1: Unexpected end of JSON input');
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < 9; level++) {
    const [name, before] = [level, level - 1].map((at) => String.fromCharCode(97 + at));
    bomb.push(`${name}: &${name} [${`*${before},`.repeat(9)}]`);
  }
  t.regex(reasonFor(bomb.join('\n')), /^x\.yaml:1: aliases \(\*name\) stand for too much/);
  for (const deep of ['['.repeat(50_000), `${'['.repeat(50_000)}${']'.repeat(50_000)}`]) {
    for (const name of ['x.yaml', 'x.json']) t.regex(reasonFor(deep, name), /^x\.\w+:?\d*: [^\n]*$/);
  }
});

test('many different keys cost no more than their number', (t) => {
  const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n');
  t.regex(reasonFor(keys), /^x\.yaml:1: unknown key "k0"/);
});

/** Random JSON, laid out at random. */
const laidOut = fc.tuple(
  fc.object({ maxDepth: 4, values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)] }),
  fc.nat({ max: 3 }),
);

test('every value of a file is found on the line where it stands', (t) => {
  fc.assert(
    fc.property(laidOut, ([value, indent]) => {
      const text = JSON.stringify(value, null, indent);
      const [json, yaml] = ['x.json', 'x.yaml'].map((name) => parseChecked(text, name, z.unknown()));
      if (json!.kind === 'bad' || yaml!.kind === 'bad') return false;
      const walk = (at: unknown, path: PropertyKey[]): boolean =>
        json!.kind === 'good' &&
        yaml!.kind === 'good' &&
        json!.places.lineOf(path) === yaml!.places.lineOf(path) &&
        (typeof at !== 'object' ||
          at === null ||
          Object.entries(at).every(([key, child]) => walk(child, [...path, Array.isArray(at) ? Number(key) : key])));
      return walk(value, []);
    }),
    // Keys that YAML would read as something else than texts are quoted in JSON, and texts in both.
    { numRuns: 200 },
  );
  t.pass();
});

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'undercard-checked-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('files: none, a folder, a device, one too large, a pipe that never ends', (t) => {
  const at = folder(t);
  const read = (path: string) => {
    const outcome = readChecked(path, schema, { mostBytes: 1000, mostYamlBytes: 100 });
    return outcome.kind === 'bad' ? outcome.reason.replace(at, '.') : 'accepted';
  };
  t.is(read(`${at}/none.yaml`), './none.yaml: no such file');
  t.is(read(at), '.: is a directory, not a file');
  t.is(read('/dev/zero'), '/dev/zero: is not a file');
  writeFileSync(`${at}/picture.yaml`, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a));
  t.is(read(`${at}/picture.yaml`), './picture.yaml: is no text in UTF-8');
  writeFileSync(`${at}/wide.yaml`, 'name: x', 'utf16le');
  t.is(read(`${at}/wide.yaml`), './wide.yaml: is no text in UTF-8');
  writeFileSync(`${at}/huge.json`, '');
  truncateSync(`${at}/huge.json`, 2 ** 31);
  t.is(read(`${at}/huge.json`), './huge.json: is too large: 2147483648 bytes, at most 1000 are read');
  writeFileSync(`${at}/long.yaml`, `name: ${'x'.repeat(200)}`);
  t.is(
    read(`${at}/long.yaml`),
    './long.yaml: is too large: 206 bytes, at most 100 are read as YAML; JSON may have 1000',
  );
  writeFileSync(`${at}/bom.yaml`, '\uFEFFname: a');
  t.is(read(`${at}/bom.yaml`), 'accepted');
  writeFileSync(`${at}/bom.json`, '\uFEFF{"name": "a"}');
  t.is(read(`${at}/bom.json`), 'accepted');
});

test('a pipe is read as far as the bound, and no farther', (t) => {
  const at = folder(t);
  execFileSync('mkfifo', [`${at}/pipe.yaml`]);
  // A shell that writes without end, until the reader goes away.
  execFileSync('sh', ['-c', `(yes > ${at}/pipe.yaml) 2>/dev/null >/dev/null & sleep 0`], { stdio: 'ignore' });
  const outcome = readChecked(`${at}/pipe.yaml`, schema, { mostBytes: 5_000_000 });
  t.like(outcome, { kind: 'bad', reason: `${at}/pipe.yaml: is too large: at most 5000000 bytes are read` });
});
