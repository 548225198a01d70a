import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { inlineModules } from './inline-modules.ts';

function inline(t: ExecutionContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'inline-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return inlineModules(pathToFileURL(join(folder, 'main.js')));
}

test('what is imported comes first, once, and the whole runs as one script', (t) => {
  const script = inline(t, {
    'main.js':
      "import { double } from './double.js';\nimport {\n  ONE,\n} from './one.js';\nglobalThis.result = double(ONE);\n",
    'double.js':
      "import { ONE } from './one.js';\nexport function double(value) {\n  return (value + value) * ONE;\n}\n",
    'one.js': 'export const ONE = 1;\n',
  });
  const context: { result?: number } = {};
  runInNewContext(script.replace('globalThis.result', 'this.result'), context);
  t.is(context.result, 2);
  t.is(script.match(/const ONE/g)?.length, 1);
});

test('two modules with one name, a circle and an unknown form are errors', (t) => {
  t.throws(
    () =>
      inline(t, {
        'main.js': "import { a } from './a.js';\nconst b = a;\n",
        'a.js': 'export const a = 1;\nconst b = 2;\n',
      }),
    {
      message: /"b" is declared in .*a\.js too/,
    },
  );
  t.throws(
    () => inline(t, { 'main.js': "import { a } from './a.js';\n", 'a.js': "import { b } from './main.js';\n" }),
    { message: /imports itself/ },
  );
  t.throws(() => inline(t, { 'main.js': 'export default 1;\n' }), { message: /cannot be inlined/ });
});
