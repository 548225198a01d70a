import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PROPERTY = 'edge/policy/machine.property.test.ts';

interface Edit {
  file: string;
  from: string;
  to: string;
}

/** A copy of what the property test needs, with one edit, and the verdict of a fresh process on it. */
async function verdict(t: ExecutionContext, edit: Edit | null): Promise<{ passed: boolean; output: string }> {
  const copy = mkdtempSync(join(tmpdir(), 'undercard-mutation-'));
  t.teardown(() => rmSync(copy, { recursive: true, force: true }));
  for (const part of ['edge/policy', 'topology', 'test/support', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  if (edit !== null) {
    const source = readFileSync(join(copy, edit.file), 'utf8');
    t.is(source.split(edit.from).length, 2, `the edit applies to ${edit.file} exactly once`);
    writeFileSync(join(copy, edit.file), source.replace(edit.from, edit.to));
  }
  return runProperty(copy);
}

function runProperty(cwd: string): Promise<{ passed: boolean; output: string }> {
  // The same runs each time: a defect must turn the test red, not perhaps turn it red.
  const env = { ...process.env, CI: 'true', UNDERCARD_SEED: '7', UNDERCARD_RUNS: '3000', UNDERCARD_SHRINK: 'no' };
  const child = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.js', PROPERTY], { cwd, env });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ passed: code === 0, output })));
}

test.serial('the property test passes on the machine as it is', async (t) => {
  const { passed, output } = await verdict(t, null);
  t.true(passed, output);
});

const defects: [title: string, edit: Edit, says: RegExp][] = [
  [
    'no leader replacement',
    {
      file: 'edge/policy/fills.ts',
      from: 'const wanted = fill.waiters.size > 0 || isResumable(fill);',
      to: 'const wanted = false;',
    },
    /a failed attempt is replaced while somebody waits/,
  ],
  [
    'no wait bound',
    { file: 'edge/policy/requests.ts', from: 'this.#deadlines.push(deadlineMs, -1 - id);', to: '' },
    /nobody waits past the bound/,
  ],
  [
    'double fill',
    { file: 'edge/policy/fills.ts', from: '      state.fill = fill;\n', to: '' },
    /at most one shared fill of a key/,
  ],
  [
    'short body stored',
    {
      file: 'edge/policy/machine.ts',
      from: 'if (lengthBytes >= 0 && fill.receivedBytes !== lengthBytes) {',
      to: 'if (fill.receivedBytes < 0) {',
    },
    /nothing short is stored|bytes out equal bytes in/,
  ],
];

for (const [title, edit, says] of defects) {
  test.serial(`seeded defect: ${title} turns the property test red`, async (t) => {
    const { passed, output } = await verdict(t, edit);
    t.false(passed);
    t.regex(output, says);
  });
}
