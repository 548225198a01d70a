import { readFileSync } from 'node:fs';
import test from 'ava';
import { configReference, REFERENCE_FILE } from './config-reference.ts';

test('docs/configuration.md is what the schemas say; npm run docs writes it anew', (t) => {
  t.is(readFileSync(REFERENCE_FILE, 'utf8'), configReference());
});
