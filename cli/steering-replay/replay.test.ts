import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RecordedWorld } from '../../steering/policy/record/record.fixture.ts';
import { clients } from '../../steering/policy/world.fixture.ts';
import { recordFiles } from '../../steering/service/record-file.ts';
import { temporaryFolder } from '../../steering/service/recorded-evening.fixture.ts';
import { recordConfigOf } from '../commands/record-flags.ts';
import { changeOf, type MissingFlags } from './change.ts';
import { checkText, whatIfText } from './print.ts';
import { checkRecord, replayRecord } from './replay.ts';

const progress = () => {};

/** Twelve viewers ask three times, in two files of one run. */
async function recorded(t: ExecutionContext): Promise<{ files: string[]; lines: string[][] }> {
  const world = new RecordedWorld([2, 1], { exploreShare: 0.05 });
  world.pass(3);
  const ask = () => {
    for (const client of clients(12))
      world.rank(client, { nominalBps: 5e6, country: client.at(-1)! > '6' ? 'US' : 'DE' });
  };
  ask();
  world.pass(5);
  world.sink.following = 'part';
  const split = world.sink.lines.length;
  ask();
  world.pass(5);
  ask();
  const lines = [world.sink.lines.slice(0, split), world.sink.lines.slice(split)];
  const folder = await temporaryFolder(t);
  const files = lines.map((_each, at) => join(folder, `steering.log${at === 0 ? '.1' : ''}`));
  lines.forEach((those, at) => writeFileSync(files[at]!, `${those.join('\n')}\n`));
  return { files, lines };
}

const nothing: MissingFlags = { without: [], withoutServer: [] };

async function replayed(paths: string[], flags: Partial<MissingFlags> = {}, lenient = false) {
  const options = { files: await recordFiles(paths), lenient, progress };
  return replayRecord(options, (header) => changeOf({ ...nothing, ...flags }, null, header));
}

test('files come in the order in which they were written, however they are named', async (t) => {
  const { files } = await recorded(t);
  const [older, newer] = files as [string, string];
  for (const paths of [
    [older, newer],
    [newer, older, newer],
  ]) {
    t.deepEqual(
      (await recordFiles(paths)).map(({ path }) => path),
      [older, newer],
    );
  }
  const check = await checkRecord({ files: await recordFiles(files), lenient: false, progress });
  t.like(check, { same: true, decisions: 36, uncompared: 0 });
  t.regex(checkText(check), /^36 decisions made again from \d+ inputs: every one is the same$/);
});

test('progress goes from nothing to all, and a large file is read in pieces', async (t) => {
  const { files, lines } = await recorded(t);
  const [header, ...rest] = lines[0]!;
  // Lines that say nothing new, until there are some megabytes.
  const many = Array.from({ length: 5000 }, () => 'x'.repeat(500));
  writeFileSync(files[0]!, `${[header, ...many, ...rest].join('\n')}\n`);
  const shares: number[] = [];
  const all = { files: await recordFiles(files), lenient: true };
  const result = await checkRecord({ ...all, progress: (share) => shares.push(share) });
  t.true(shares.length >= 3, shares.join());
  t.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  );
  t.is(shares.at(-1), 1);
  t.true(result.badLines >= 5000);
});

test('one bad line is named, with its file; leaving it out costs no more than that line', async (t) => {
  const { files, lines } = await recorded(t);
  for (const [file, at] of [
    [0, 9],
    [1, 4],
  ] as const) {
    const path = files[file]!;
    const those = lines[file]!;
    writeFileSync(path, `${those.with(at, `${those[at]!.slice(0, 20)}x${those[at]!.slice(21)}`).join('\n')}\n`);
    const check = await checkRecord({ files: await recordFiles(files), lenient: false, progress });
    t.like(check, { same: false, difference: { path, number: at + 1 } });
    t.true(checkText(check).startsWith(`${path}:${at + 1}: it does not follow`));
    await t.throwsAsync(replayed(files), {
      code: 'BAD_INPUT',
      message: new RegExp(`^${path}:${at + 1}: it does not follow .*--lenient`),
    });
    const { result, badLines, firstBad } = await replayed(files, {}, true);
    t.true(badLines >= 1 && result.decisions >= 24, `${badLines} ${result.decisions}`);
    t.true(firstBad!.startsWith(`${path}:${at + 1}: `));
    writeFileSync(path, `${those.join('\n')}\n`);
  }
});

test('without a line that gave a number its decisions cannot be had; all others can', async (t) => {
  const { files, lines } = await recorded(t);
  const [header, ...rest] = lines[0]!;
  const at = rest.findIndex((line) => line.startsWith('["p"'));
  writeFileSync(files[0]!, `${[header, ...rest.toSpliced(at, 1)].join('\n')}\n`);
  const { result } = await replayed(files, {}, true);
  t.true(result.decisions >= 24 && result.decisions < 36, `${result.decisions}`);
});

test('a header that is bad ends the reading, with --lenient, too: nothing after it can be understood', async (t) => {
  const { files, lines } = await recorded(t);
  writeFileSync(files[0]!, `${[...lines[0]!, lines[1]![0]!.replace('"DE"', '"DX"'), ...lines[1]!].join('\n')}\n`);
  await t.throwsAsync(replayed([files[0]!], {}, true), { code: 'BAD_INPUT', message: /steering\.log\.1:\d+: / });
});

test('a record without a decision shows nothing, and is no check that passed', async (t) => {
  const { files, lines } = await recorded(t);
  writeFileSync(files[0]!, `${lines[0]![0]!}\n`);
  const options = { files: await recordFiles([files[0]!]), lenient: false, progress };
  await t.throwsAsync(checkRecord(options), {
    code: 'BAD_INPUT',
    message: /steering\.log\.1: there is no decision in it$/,
  });
});

test('half a line at the end of a file is told of and does no harm', async (t) => {
  const { files, lines } = await recorded(t);
  writeFileSync(files[1]!, `${lines[1]!.join('\n')}\n["d",12`);
  const check = await checkRecord({ files: await recordFiles(files), lenient: false, progress });
  t.like(check, { same: true, cut: [files[1]!] });
  t.regex(checkText(check), /cut off at the end: .*steering\.log$/m);
});

test('the text says what moved, what is full, and how far it can tell', async (t) => {
  const { files } = await recorded(t);
  const { result, header: _header, ...notes } = await replayed(files, { without: ['nyc'] });
  const text = whatIfText(result, 'without site nyc', notes);
  for (const label of [
    'record',
    'replayed',
    'moved',
    'best site',
    'admission',
    'sites',
    'overload',
    'bias',
    'assumed',
  ]) {
    t.regex(text, new RegExp(`^${label} `, 'm'), text);
  }
  t.regex(text, /nyc → fra {2}3 sessions {2}\d/);
  t.regex(text, /exploreShare 5 %: the record tried another server in \d+ decisions? of 36/);
  t.notRegex(text, /came by no chance/);
  t.regex(text, /could have made 75 % of the replayed one’s first choices, and tells nothing of the others/);
  t.regex(text, /none: no server is promised more than its capacity/);
  const unchanged = await replayed(files);
  t.regex(whatIfText(unchanged.result, 'with nothing changed', notes), /^moved {8}nothing/m);
});

test('the text tells the displaced from those in their wake, and new overload from what was there', async (t) => {
  const { files } = await recorded(t);
  const { result, header: _header, ...notes } = await replayed(files, { without: ['nyc'] });
  const peak = result.servers[0]!.after!;
  const [calm, full] = [
    { ...peak, share: 0.8, overSinceMs: null, overMs: 0 },
    { ...peak, share: 1.2, atMs: 61_000, overSinceMs: 60_000, overMs: 2000 },
  ];
  const text = whatIfText(
    {
      ...result,
      moved: [
        { from: 'nyc', to: 'fra', sessions: 1, bytes: 3e9 },
        { from: 'fra', to: null, sessions: 2, bytes: 1e9 },
      ],
      servers: [
        { ...result.servers[0]!, id: 'old', before: { ...full, share: 1.3, overMs: 100 }, after: full },
        { ...result.servers[0]!, id: 'new', before: calm, after: { ...full, share: 1.1 } },
      ],
    },
    'without site nyc',
    notes,
  );
  t.regex(text, /^ +from what is gone: 1 session, 3\.00 GB; the others/m);
  t.regex(text, /^overload +2 servers promised more than capacity, 1 of them not so in the record\n +new from/m);
  t.regex(text, /new from 00:01:00 on, 2 s in all, worst 110 % at 00:01:01; in the record never, at most 80 %/);
  t.regex(text, /old from .* worst 120 % at 00:01:01; in the record a moment, worst 130 %/);
});

test('without exploring in the record the text says that nothing can be told of how players would fare', async (t) => {
  const world = new RecordedWorld([1, 1], { exploreShare: 0 });
  world.pass(3);
  world.rank('a');
  const path = join(await temporaryFolder(t), 'a.log');
  writeFileSync(path, `${world.sink.lines.join('\n')}\n`);
  const { result, header: _header, ...notes } = await replayed([path], { without: ['fra'] });
  t.is(result.bias.failures, null);
  t.regex(whatIfText(result, '', notes), /never explored \(exploreShare 0\): .* cannot be said/);
});

test('names that the record does not have, and files that are none, are said in one line', async (t) => {
  const { files } = await recorded(t);
  const folder = await temporaryFolder(t);
  const diary = join(folder, 'diary.txt');
  writeFileSync(diary, 'dear diary\n');
  const empty = join(folder, 'empty.log');
  writeFileSync(empty, '');
  const bad = { code: 'BAD_INPUT' };
  await t.throwsAsync(replayed(files, { without: ['mars'] }), {
    ...bad,
    message: '--without: the record has no site "mars"; it has fra, nyc',
  });
  await t.throwsAsync(replayed(files, { withoutServer: ['fra-9'] }), {
    ...bad,
    message: '--without-server: the record has no server "fra-9"; did you mean "fra-1"?',
  });
  await t.throwsAsync(replayed(files, { without: ['fra'], withoutServer: ['nyc-1'] }), {
    ...bad,
    message: /would be left/,
  });
  await t.throwsAsync(replayed([diary]), { ...bad, message: /diary\.txt:1: not a record of steering/ });
  await t.throwsAsync(replayed([empty]), { ...bad, message: /empty\.log:1: not a record of steering/ });
  await t.throwsAsync(replayed([join(folder, 'none')]), { ...bad, message: /none: no such file$/ });
  await t.throwsAsync(replayed([folder]), { ...bad, message: /: is a directory, not a file$/ });
});

test('flags of the record have bounds, and go with --record', (t) => {
  t.is(recordConfigOf({}), undefined);
  const config = recordConfigOf({ record: 'a.log', recordMax: '1GB', recordKeep: '0' });
  t.deepEqual(config, { path: 'a.log', maxBytes: 1e9, keep: 0, addresses: false });
  for (const flags of [{ recordMax: '1B' }, { recordKeep: 'many' }, { recordKeep: '-1' }]) {
    t.throws(() => recordConfigOf({ record: 'a.log', ...flags }), { code: 'BAD_INPUT' });
  }
  t.throws(() => recordConfigOf({ recordAddresses: true }), { message: /go with --record/ });
});
