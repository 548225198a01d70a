import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { BadInput } from '../runtime/bad-input.ts';
import { parseCount, parseDuration } from '../runtime/units.ts';
import { BenchFailure } from './parts/bench-failure.ts';
import { roomsOf, type Profile } from './parts/profile-rooms.ts';
import { clearProgress, progress } from './parts/progress.ts';
import { checkWritable, describeMachine, warnIfBusy, writeJson } from './parts/report.ts';
import { formatNumber, formatTable } from './parts/table.ts';
import type { SimulationCost } from './processes/simulation.ts';

const PROCESS = fileURLToPath(new URL('./processes/simulation.ts', import.meta.url));
const SCENARIO = fileURLToPath(new URL('./sim.yaml', import.meta.url));
const LEAST_SECONDS = 30;

interface Flags {
  viewers: string;
  duration?: string;
  requests: string;
  profile?: boolean;
  json?: string;
}

export function register(program: Command): void {
  program
    .command('sim')
    .description('the simulator: requests a second of one core, at several sizes of audience')
    .option('--viewers <list>', 'audiences, one run each', '1000,10000,100000')
    .option('--duration <time>', 'simulated time of each run; 1h with --viewers 10000 is the goal’s own size')
    .option('--requests <n>', 'without --duration: as long as so many requests take', '2000000')
    .option('--profile', 'say where the time goes, by room')
    .option('--json <file>', 'write the figures to a file')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  if (flags.json !== undefined) checkWritable(flags.json);
  const sizes = flags.viewers.split(',').map((text) => parseCount(text.trim(), '--viewers', 1, 10_000_000));
  const requests = parseCount(flags.requests, '--requests', 1000, 1e10);
  const seconds =
    flags.duration === undefined ? null : parseDuration(flags.duration, '--duration', ['1s', '168h']) / 1000;
  if (sizes.length === 0) throw new BadInput('--viewers: name at least one size');
  const machine = describeMachine();
  warnIfBusy(machine);
  const costs: SimulationCost[] = [];
  const profiles: Profile[] = [];
  for (const viewers of sizes) {
    // Video and audio each two seconds: a request a viewer and second.
    const duration = seconds ?? Math.max(LEAST_SECONDS, Math.round(requests / viewers));
    const { cost, profile } = await simulate(viewers, duration, flags.profile ?? false);
    costs.push(cost);
    if (profile !== null) profiles.push(profile);
  }
  clearProgress();
  print(costs);
  if (profiles.length > 0) printProfile(sizes, profiles);
  writeJson(flags.json, { bench: 'sim', machine, costs, ...(profiles.length > 0 ? { profiles } : {}) });
  const failed = costs.find(({ checksFailed }) => checksFailed.length > 0);
  if (failed !== undefined)
    throw new BenchFailure(`${failed.viewers} viewers: a check failed: ${failed.checksFailed[0]}`);
}

async function simulate(viewers: number, seconds: number, profiled: boolean) {
  const folder = profiled ? mkdtempSync(join(tmpdir(), 'undercard-bench-')) : null;
  const flags = folder === null ? [] : ['--cpu-prof', '--cpu-prof-interval', '1000', `--cpu-prof-dir=${folder}`];
  const sets = [`audience.viewers=${viewers}`, `durationSeconds=${seconds}`];
  // Without a cap the collector lets garbage of a long run pile up; 4 GB is what the largest audience needs.
  const child = spawn(process.execPath, ['--max-old-space-size=8192', ...flags, PROCESS, SCENARIO, ...sets], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill();
  process.once('exit', stop);
  let output = '';
  let lastError = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const share = Number(text.trim().split('\n').at(-1));
    if (Number.isNaN(share)) lastError = text;
    else if (process.stderr.isTTY) progress(`${viewers} viewers, ${seconds} s: ${Math.floor(share * 100)} %`);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  process.off('exit', stop);
  if (code !== 0)
    throw new BenchFailure(`the simulation of ${viewers} viewers ended with ${code}: ${lastError.trim()}`);
  const profile = folder === null ? null : readProfile(folder);
  if (folder !== null) rmSync(folder, { recursive: true });
  return { cost: JSON.parse(output) as SimulationCost, profile };
}

function readProfile(folder: string): Profile {
  const [file] = readdirSync(folder);
  return roomsOf(JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Parameters<typeof roomsOf>[0]);
}

function print(costs: readonly SimulationCost[]): void {
  const rows = costs.map((cost) => {
    const { viewers, simulatedSeconds, segments, machineRequests, cpuMs, events, maxRssBytes, flowsStarted } = cost;
    return [
      formatNumber(viewers),
      `${formatNumber(simulatedSeconds)} s`,
      formatNumber(segments),
      formatNumber((segments / cpuMs) * 1000),
      `${formatNumber((cpuMs / segments) * 1000)} µs`,
      formatNumber(machineRequests / segments),
      formatNumber(events / segments),
      formatNumber(flowsStarted / segments),
      `${formatNumber(maxRssBytes / 2 ** 20)} MiB`,
    ];
  });
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    'viewers',
    'simulated',
    'requests',
    'requests/CPU s',
    'a request',
    'machine calls',
    'events',
    'flows',
    'memory',
  ];
  console.log(formatTable(columns.map(right), rows));
  console.log(
    '\nA request is one viewer’s segment with its own start and end. Machine calls, events and flows are for each. CPU is the\n' +
      'whole process’s, compiling and collecting included; memory is its most.',
  );
}

function printProfile(sizes: readonly number[], profiles: readonly Profile[]): void {
  const rooms = [...new Set(profiles.flatMap((profile) => Object.keys(profile)))];
  const share = (profile: Profile, room: string) => profile[room] ?? 0;
  rooms.sort((a, b) => share(profiles[0]!, b) - share(profiles[0]!, a));
  const rows = rooms
    .filter((room) => profiles.some((profile) => share(profile, room) >= 0.005))
    .map((room) => [room, ...profiles.map((profile) => `${formatNumber(share(profile, room) * 100)} %`)]);
  console.log(`\nWhere the time goes:\n`);
  console.log(
    formatTable(
      [
        { title: 'room', align: 'left' },
        ...sizes.map((size) => ({ title: `${formatNumber(size)} viewers`, align: 'right' as const })),
      ],
      rows,
    ),
  );
}
