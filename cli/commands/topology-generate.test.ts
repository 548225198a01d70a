import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { generateWorld } from '../../topology/world/generate.ts';
import { registerGenerate } from './topology-generate.ts';

const folder = mkdtempSync(join(tmpdir(), 'undercard-world-'));

async function generate(...flags: string[]): Promise<void> {
  const program = new Command('topology').exitOverride();
  registerGenerate(program);
  await program.parseAsync(['generate', ...flags], { from: 'user' });
}

for (const ending of ['yaml', 'json']) {
  test(`a generated world is written as ${ending} and read back the same`, async (t) => {
    const out = join(folder, `world.${ending}`);
    await generate(
      '--sites',
      '5',
      '--servers',
      '9',
      '--seed',
      '3',
      '--peak',
      '5Gbit/s',
      '--embedded',
      '0.4',
      '--out',
      out,
    );
    const file = loadTopology(out);
    if (file.kind === 'bad') return t.fail(file.reason);
    t.deepEqual(file.topology, generateWorld({ sites: 5, servers: 9, seed: 3, peakBps: 5e9, embeddedShare: 0.4 }));
    t.is(file.topology.sites.filter(({ kind }) => kind === 'embedded').length, 2);
  });
}

test('the same flags write the same bytes, viewers being another way to say the peak', async (t) => {
  const [one, other] = [join(folder, 'one.yaml'), join(folder, 'other.yaml')];
  await generate('--sites', '4', '--servers', '8', '--countries', 'DE, FR', '--peak', '1Gbit/s', '--out', one);
  await generate('--sites', '4', '--servers', '8', '--countries', 'DE,FR', '--viewers', '200', '--out', other);
  t.deepEqual(readFileSync(one), readFileSync(other));
});

const WRONG: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
  [['--servers', '39'], /^--servers: 39 are too few for 40 sites: each needs one; give at least 40$/],
  [['--sites', '2'], /^--sites: "2" is not a whole number from 3/],
  [['--seed', 'x'], /^--seed: "x"/],
  [['--embedded', '60%'], /^--embedded: "60%" is no share; give a number from 0 to 1$/],
  [['--embedded', '1.5'], /^--embedded: "1.5" is no share/],
  [
    ['--countries', 'DE,Frnace'],
    /^--countries: no broadband lines are known for "Frnace"; did you mean FR \(France\)\?$/,
  ],
  [['--countries', ','], /^--countries: none given/],
  [['--peak', '5'], /^--peak: "5" is not a rate/],
  [['--peak', '1Gbit/s', '--viewers', '3'], /give one of them/],
  [['--out', join(folder, 'no', 'such', 'folder.yaml')], /^--out: .*no such file or directory/],
];
for (const [flags, message] of WRONG) {
  test(`generate ${flags.slice(0, 2).join(' ').replace(folder, '…')} is bad input, with what to give instead`, async (t) => {
    const error = await t.throwsAsync(generate(...flags), { instanceOf: BadInput });
    t.regex(error.message, message);
  });
}
