import { readFileSync } from 'node:fs';
import test from 'ava';
import { documentedTypes, RESULT_REFERENCE_FILE, resultReference } from './result-reference.ts';
import { sampleResult } from './sample-result.fixture.ts';

test('docs/result.md is what the types say; npm run docs writes it anew', (t) => {
  t.is(readFileSync(RESULT_REFERENCE_FILE, 'utf8'), resultReference());
});

test('every field of a result is in it', (t) => {
  const text = resultReference();
  const known = new Set([...text.matchAll(/^\| `([\w.]+)` /gm)].map((match) => match[1]!));
  const missing = new Set<string>();
  const walk = (value: unknown, path: string) => {
    if (Array.isArray(value)) walk(value[0], path);
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) {
        // Scenarios have a reference of their own; causes of failure are names, not fields; short objects are told by their type.
        if (name === 'scenario' || path === 'failures') continue;
        const found = known.has(name) || known.has(`${path}.${name}`) || text.includes(`${name}: `);
        if (!found) missing.add(name);
        walk(inner, name);
      }
  };
  walk(sampleResult(), '');
  t.deepEqual([...missing], []);
});

test('comments, optional fields and objects inside are understood', (t) => {
  const source = [
    "import type { X } from './x.ts';",
    '',
    '/** The whole. */',
    'export interface Whole {',
    '  /**',
    '   * one',
    '   * two',
    '   */',
    '  first: number;',
    '  inner: {',
    '    /** deep */',
    '    second?: string | null;',
    '  };',
    '}',
  ].join('\n');
  t.deepEqual(documentedTypes(source), [
    {
      name: 'Whole',
      doc: 'The whole.',
      fields: [
        { path: 'first', type: 'number', doc: 'one two' },
        { path: 'inner', type: 'object', doc: '' },
        { path: 'inner.second', type: 'string | null | undefined', doc: 'deep' },
      ],
    },
  ]);
});

test('a form it does not understand is an error with its line, not a field left out', (t) => {
  t.throws(() => documentedTypes('export interface A {\n  a: number\n}'), { message: /^line 2: "a: number"/ });
  t.throws(() => documentedTypes('type B = 5;'), { message: /^line 1/ });
});
