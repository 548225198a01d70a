// `npm run study`: steering's policies in scenarios that try them, over seeds, beside the optimum where that can be known.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import { stopAsked } from '../../runtime/service.ts';
import { parseCount } from '../../runtime/units.ts';
import { KeptRows } from './kept-rows.ts';
import { STUDY_CASES, type Policy, type StudyCase } from './study-case.ts';
import { studyInput, studyRun, type StudyRow } from './study-run.ts';
import { studyTables, writeStudyTables } from './table.ts';

interface Flags {
  viewers?: string;
  runs: string;
  seed: string;
  only?: string;
  policies?: string;
  out: string;
  write: boolean;
}

const LINE_EVERY_MS = 10_000;
const POLICIES: readonly Policy[] = ['network', 'nearest', 'round-robin', 'random'];

const program = new Command('study')
  .usage('[flags]   (npm run study -- [flags])')
  .description(
    'Runs scenarios that try steering, under each policy and several seeds, and prints a table a scenario with 95 % ' +
      'confidence intervals. Runs that are in --out already are not made again; Ctrl-C ends with what there is.',
  )
  .option('--viewers <n>', 'instead of what each scenario has')
  .option('--runs <n>', 'seeds of each', '3')
  .option('--seed <n>', 'the first of them', '1')
  .option('--only <names>', `only these of ${namesOf().join(', ')}, with commas between`)
  .option('--policies <names>', `only these of ${POLICIES.join(', ')}`)
  .option('--out <file>', 'where runs are kept, a line of JSON each', 'out/study.jsonl')
  .option('--write', 'put the tables into docs/steering-study.md', false)
  .exitOverride();

async function run(flags: Flags): Promise<void> {
  const viewers = flags.viewers === undefined ? null : parseCount(flags.viewers, '--viewers', 10, 1_000_000);
  const runs = parseCount(flags.runs, '--runs', 1, 100);
  const first = parseCount(flags.seed, '--seed', 0, 2 ** 31 - 101);
  const names = chosen(flags.only, '--only', namesOf());
  const policies = chosen(flags.policies, '--policies', POLICIES);
  const kept = new KeptRows(flags.out);
  const stop = new AbortController();
  void stopAsked().then(() => stop.abort());
  // A seed of everything, then the next one: whenever it is stopped, all have about as many.
  const wanted = Array.from({ length: runs }, (_, index) => first + index).flatMap((seed) =>
    STUDY_CASES.filter(({ name }) => names.includes(name)).flatMap((studyCase) =>
      studyCase.policies.filter((policy) => policies.includes(policy)).map((policy) => ({ studyCase, policy, seed })),
    ),
  );
  for (const [index, { studyCase, policy, seed }] of wanted.entries()) {
    if (stop.signal.aborted) break;
    const options = { policy, seed, viewers };
    const { scenario } = studyInput(studyCase, options);
    const { name, variant } = studyCase;
    const { audience, durationSeconds } = scenario;
    if (kept.has({ name, variant, policy, seed, viewers: audience.viewers, durationSeconds })) continue;
    const label = `${index + 1} of ${wanted.length}: ${labelOf(studyCase)}, ${policy}, seed ${seed}`;
    const row = await studyRun(studyCase, { ...options, signal: stop.signal, onProgress: progress(label) });
    if (row !== null) kept.add(row);
  }
  const asked = new Set(wanted.map(({ studyCase, policy, seed }) => `${labelOf(studyCase)} ${policy} ${seed}`));
  const rows = kept.rows.filter((row) => asked.has(`${labelOf(row)} ${row.policy} ${row.seed}`));
  if (rows.length === 0) throw new BadInput('stopped before the first run was through; there is nothing to show');
  console.log(studyTables(rows));
  if (flags.write) writeStudyTables(rows, versionOf());
}

function namesOf(): string[] {
  return [...new Set(STUDY_CASES.map(({ name }) => name))];
}

function labelOf({ name, variant }: Pick<StudyCase | StudyRow, 'name' | 'variant'>): string {
  return variant === null ? name : `${name} ${variant}`;
}

function chosen<Name extends string>(text: string | undefined, flag: string, known: readonly Name[]): Name[] {
  if (text === undefined) return [...known];
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found === undefined) throw new BadInput(`${flag}: "${name}" is none of ${known.join(', ')}`);
    return found;
  });
}

/** A line now and then, to standard error. */
function progress(label: string): (share: number) => void {
  let nextMs = performance.now();
  return (share) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + LINE_EVERY_MS;
    console.error(`${label}: ${Math.floor(share * 100)} %`);
  };
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

try {
  await run(program.parse().opts<Flags>());
  process.exit(0);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`study: ${error instanceof BadInput ? error.message : ((error as Error).stack ?? String(error))}`);
  process.exit(error instanceof BadInput ? 2 : 1);
}
