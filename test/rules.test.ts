import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { importsOf, impuritiesIn, isPolicy, mayImport } from './support/rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => !/^(?:node_modules|out|\.git)\//.test(path))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort();

test('imports point one way, as the map in DESIGN says', (t) => {
  const wrong: string[] = [];
  for (const path of sources) {
    for (const specifier of importsOf(readFileSync(join(root, path), 'utf8'))) {
      if (!specifier.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(path), specifier));
      if (!mayImport(path, target)) wrong.push(`${path} → ${target}`);
    }
  }
  t.deepEqual(wrong, []);
});

test('policy is pure: no clock, chance, promise, timer, process or locale', (t) => {
  const policies = sources.filter(
    (path) => isPolicy(path) && !path.endsWith('.test.ts') && !path.endsWith('.fixture.ts'),
  );
  t.true(policies.length > 5);
  for (const path of policies) t.deepEqual(impuritiesIn(readFileSync(join(root, path), 'utf8')), [], path);
});

test('the rules can fail', (t) => {
  t.false(mayImport('edge/policy/machine.ts', 'edge/service/edge.ts'));
  t.false(mayImport('edge/policy/machine.ts', 'runtime/log.ts'));
  t.false(mayImport('topology/model/event.ts', 'edge/policy/key.ts'));
  t.false(mayImport('sim/player/player.ts', 'edge/service/edge.ts'));
  t.false(mayImport('edge/service/edge.ts', 'steering/service/steering.ts'));
  t.false(mayImport('runtime/admin.ts', 'edge/policy/key.ts'));
  t.true(mayImport('origin-shield/service/shield.ts', 'edge/service/edge.ts'));
  t.true(mayImport('sim/actors/edge.ts', 'edge/policy/machine.ts'));
  t.true(mayImport('cli/commands/edge.ts', 'edge/service/edge.ts'));
  t.true(mayImport('edge/policy/machine.test.ts', 'test/support/x.ts'));
  for (const line of [
    'const now = Date.now();',
    'const t = new Date(5);',
    'const r = Math.random();',
    'await x;',
    'async function f() {}',
    'setTimeout(f, 5);',
    'process.env.X',
    'new Promise(() => {})',
    'a.localeCompare(b)',
    'new Intl.NumberFormat()',
    "import fs from 'node:fs';",
    'performance.now()',
  ]) {
    t.not(impuritiesIn(line).length, 0, line);
  }
  t.deepEqual(impuritiesIn('// a Date in a comment, a promise too\nconst x = 1; /* Math.random() */'), []);
});
