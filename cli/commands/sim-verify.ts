import type { Command } from 'commander';
import type { RungResult } from '../../sim/verify/climb.ts';
import type { Check, Rung } from '../../sim/verify/rung.ts';

interface Flags {
  only?: string;
  seed: string;
  quick?: boolean;
  list?: boolean;
  sockets?: string | true;
  json?: boolean;
}

const PROGRESS_INTERVAL_MS = 100;

export function registerVerify(sim: Command): void {
  sim
    .command('verify')
    .description('the ladder of proof: engine, policies and network against closed forms')
    .option('--only <ids>', 'only these rungs, with commas between')
    .option('--seed <n>', 'the same seed: the same numbers', '1')
    .option('--quick', 'smaller samples, and tolerances as much wider')
    .option('--list', 'name the rungs, and run none')
    .option(
      '--sockets [file]',
      'instead: predict a run of the real services on loopback (written to the file), and do it',
    )
    .option('--json', 'print the result as JSON')
    .action(verify);
}

async function verify(flags: Flags): Promise<void> {
  const { parseCount } = await import('../../runtime/units.ts');
  const { climb } = await import('../../sim/verify/climb.ts');
  const { LADDER } = await import('../../sim/verify/ladder.ts');
  const seed = parseCount(flags.seed, '--seed', 0, 2 ** 31 - 1);
  const ladder = flags.sockets === undefined ? LADDER : [await socketsRung(flags)];
  const rungs = flags.only === undefined ? ladder : await chosen(ladder, flags.only);
  if (flags.list) return list(rungs, flags.json === true);

  const quick = flags.quick === true;
  const results: RungResult[] = [];
  for (const [at, rung] of rungs.entries()) {
    const progress = flags.json ? () => {} : progressLine(`${at + 1}/${rungs.length} ${rung.title}`);
    const result = await climb(rung, { seed, quick, progress });
    clearLine();
    results.push(result);
    if (!flags.json) console.log(`${at === 0 ? `${headings()}\n` : ''}${tableOf(result)}`);
  }
  const ok = results.every((result) => result.ok);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  if (flags.json) console.log(JSON.stringify({ ok, seed, quick, seconds, rungs: results }));
  else console.log(summary(results, seconds));
  process.exitCode = ok ? 0 : 1;
}

async function socketsRung({ sockets, json }: Flags): Promise<Rung> {
  const { socketsProof } = await import('../sockets-proof/sockets-proof.ts');
  const say = (text: string) => console.error(`undercard: ${text}`);
  return socketsProof({ predictionFile: sockets === true ? undefined : sockets, say: json ? () => {} : say });
}

async function chosen(ladder: readonly Rung[], only: string): Promise<Rung[]> {
  const { BadInput } = await import('../../runtime/bad-input.ts');
  const wanted = new Set(only.split(',').map((id) => id.trim()));
  for (const id of wanted) {
    if (ladder.some((rung) => rung.id === id)) continue;
    throw new BadInput(`--only: there is no rung "${id}"; there are ${ladder.map((rung) => rung.id).join(', ')}`);
  }
  return ladder.filter(({ id }) => wanted.has(id));
}

function list(rungs: readonly Rung[], json: boolean): void {
  const named = rungs.map(({ id, title, source }) => ({ id, title, source }));
  if (json) console.log(JSON.stringify(named));
  else for (const { id, title, source } of named) console.log(`${id.padEnd(18)} ${title}: ${source}`);
}

const COLUMNS = [56, 12, 12, 12] as const;

function headings(): string {
  return `  ${inColumns(['', 'expected', 'got', 'tolerance'])}`;
}

function tableOf({ id, title, source, checks, seconds, error, ok }: RungResult): string {
  const head = `${ok ? 'ok  ' : 'FAIL'} ${id}: ${title}, ${seconds.toFixed(1)} s\n  ${source}`;
  const rows = checks.map((check) => `  ${rowOf(check)}`);
  return [head, ...rows, ...(error === undefined ? [] : [`  could not be run: ${error}`])].join('\n');
}

function rowOf(check: Check): string {
  const { what, expected, got, ok } = check;
  const cells = [what, digits(expected), digits(got), toleranceOf(check)];
  return `${inColumns(cells)}  ${ok ? 'ok' : `FAIL (${check.reason})`}`;
}

function inColumns(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[at]!))).join('  ');
}

function toleranceOf({ how, tolerance }: Check): string {
  if (how === 'absolute') return `± ${digits(tolerance, 2)}`;
  if (how === 'relative') return `± ${digits(tolerance * 100, 2)} %`;
  return how;
}

/** Whole numbers in full, others with so many significant digits. */
function digits(value: number, significant = 6): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(significant)));
}

function summary(results: readonly RungResult[], seconds: number): string {
  const failed = results.filter(({ ok }) => !ok).map(({ id }) => id);
  const checks = results.reduce((sum, result) => sum + result.checks.length, 0);
  const verdict = failed.length === 0 ? 'all hold' : `${failed.length} FAILED: ${failed.join(', ')}`;
  return `\n${results.length} rungs, ${checks} checks in ${seconds.toFixed(1)} s: ${verdict}`;
}

/** One line that is written over; without a terminal nothing. */
function progressLine(label: string): (share: number) => void {
  if (!process.stderr.isTTY) return () => {};
  let shownMs = 0;
  return (share) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_INTERVAL_MS) return;
    shownMs = nowMs;
    const text = `${label} ${(share * 100).toFixed(0)} %`;
    process.stderr.write(`\r\x1b[K${text.slice(0, Math.max(20, process.stderr.columns - 1))}`);
  };
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
