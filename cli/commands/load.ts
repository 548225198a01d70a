import { type Command, Option } from 'commander';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import { ADAPTATIONS, type AdaptationKind } from '../../sim/player/adaptation-kinds.ts';

interface Flags {
  event: string;
  viewers: string;
  duration: string;
  spread: string;
  seed: string;
  adaptation: AdaptationKind;
  start: 'live' | 'start-over';
  countryAddresses?: string;
  startAt?: string;
  json?: boolean;
}

const MAX_VIEWERS = 100_000;
const MAX_ADDRESS_FILE_BYTES = 16 << 20;
const JSON_INTERVAL_MS = 1_000;
const LINE_INTERVAL_MS = 5_000;

export function register(program: Command): void {
  program
    .command('load')
    .description('virtual viewers that really fetch: the simulator’s players over HTTP')
    .argument('<url>', 'steering (http://host:port), or one server (http://host:port/live/<event>/)')
    .option('--event <id>', 'the event to watch, where the URL does not name it', 'demo')
    .option('--viewers <n>', 'how many', '200')
    .option('--duration <time>', 'how long they stay', '60s')
    .option('--spread <time>', 'they arrive at random over this long', '10s')
    .option('--seed <n>', 'the same seed: the same arrivals, addresses and jitter', '1')
    .addOption(new Option('--adaptation <rule>', 'how they choose bitrates').choices(ADAPTATIONS).default('hls'))
    .addOption(
      new Option('--start <where>', 'at the live edge, or from the beginning of what there is')
        .choices(['live', 'start-over'])
        .default('live'),
    )
    .option('--country-addresses <file>', 'JSON, addresses by country or place, for steering that allows ?ip=')
    .option('--start-at <unix ms>', 'the wall-clock moment at which they begin to come (default: now)')
    .option('--json', 'one JSON line a second, and a last one with {"final": …}')
    .action(runLoad);
}

async function runLoad(urlText: string, flags: Flags): Promise<void> {
  const { parseCount, parseDuration } = await import('../../runtime/units.ts');
  const { stopAsked } = await import('../../runtime/service.ts');
  const { startLoad } = await import('../../sim/load/load.ts');
  const viewers = parseCount(flags.viewers, '--viewers', 1, MAX_VIEWERS);
  const durationMs = parseDuration(flags.duration, '--duration', ['1s', '500h']);
  const arrivalSpreadMs = parseDuration(flags.spread, '--spread');
  const seed = parseCount(flags.seed, '--seed', 0, 2 ** 31 - 1);
  const addresses = flags.countryAddresses === undefined ? {} : await readAddresses(flags.countryAddresses, seed);
  const startAtMs = flags.startAt === undefined ? undefined : parseCount(flags.startAt, '--start-at', 0, 1e14);
  const { source, eventId } = await readSource(urlText, flags.event);

  const { adaptation, start: startAt } = flags;
  const start = { adaptation, startAt, startAtMs };
  const load = startLoad({ ...source, eventId, viewers, seed, arrivalSpreadMs, ...start, ...addresses });
  const output = flags.json ? jsonOutput : process.stderr.isTTY ? terminalOutput : lineOutput;
  const progress = setInterval(() => output.progress(load.snapshot()), output.intervalMs);
  const stayed = await Promise.race([
    stopAsked().then(() => false),
    after(load.startAtMs + durationMs - Date.now()).then(() => true),
  ]);
  clearInterval(progress);
  const { final } = await load.finish();
  await output.final(final);
  const nobodyPlayed = stayed && final.startupMs.p50 === null;
  if (nobodyPlayed) console.error('undercard: not one of the viewers played');
  process.exit(final.wrongBodies > 0 || final.neverPlayed > 0 || nobodyPlayed ? 1 : 0);
}

async function readSource(urlText: string, eventFlag: string) {
  const { BadInput } = await import('../../runtime/bad-input.ts');
  const { findSource } = await import('../../sim/load/find-source.ts');
  const { parseIdentifier } = await import('../../runtime/identifier.ts');
  const eventId = parseIdentifier(eventFlag, '--event');
  if (!/^https?:\/\//i.test(urlText) || !URL.canParse(urlText)) {
    throw new BadInput(`URL: "${urlText}" is not a URL; write for example http://127.0.0.1:8080`);
  }
  const found = await findSource(new URL(urlText), eventId);
  if (found.kind === 'problem') throw new BadInput(`URL: "${urlText}": ${found.problem}`);
  return found;
}

async function readAddresses(file: string, seed: number) {
  const { readFile, stat } = await import('node:fs/promises');
  const { BadInput } = await import('../../runtime/bad-input.ts');
  const { chooseAddresses } = await import('../../sim/load/viewer-addresses.ts');
  const flag = `--country-addresses: ${file}`;
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_ADDRESS_FILE_BYTES) throw new BadInput(`${flag}: larger than ${MAX_ADDRESS_FILE_BYTES} bytes`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${flag}: cannot be read (${(error as Error).message})`, { cause: error });
  }
  const choice = chooseAddresses(text, seed);
  if (choice.kind === 'problem') throw new BadInput(`${flag}: ${choice.problem}`);
  return choice;
}

interface Output {
  intervalMs: number;
  progress(snapshot: LoadSnapshot): void;
  final(snapshot: LoadSnapshot): Promise<void>;
}

const jsonOutput: Output = {
  intervalMs: JSON_INTERVAL_MS,
  progress: (snapshot) => void print(JSON.stringify(snapshot)),
  final: (snapshot) => print(JSON.stringify({ final: snapshot })),
};

const terminalOutput: Output = {
  intervalMs: JSON_INTERVAL_MS,
  // One line that is written over and over must not wrap.
  progress: (snapshot) => {
    process.stderr.write(`\r\x1b[K${describe(snapshot).slice(0, process.stderr.columns - 1)}`);
  },
  final: (snapshot) => {
    process.stderr.write('\r\x1b[K');
    return print(summarise(snapshot));
  },
};

const lineOutput: Output = {
  intervalMs: LINE_INTERVAL_MS,
  progress: (snapshot) => void print(describe(snapshot)),
  final: (snapshot) => print(summarise(snapshot)),
};

function describe(snapshot: LoadSnapshot): string {
  const { elapsedMs, arrived, viewers, playing, startupMs, stalls, meanBitrateBps, latencyMs, wrongBodies } = snapshot;
  return [
    `${Math.round(elapsedMs / 1000)} s`,
    `${arrived}/${viewers} arrived, ${playing} playing`,
    `start-up ${milliseconds(startupMs.p50)} / ${milliseconds(startupMs.p95)}`,
    `${stalls.count} stalls`,
    megabits(meanBitrateBps),
    `latency ${seconds(latencyMs.p50)} / ${seconds(latencyMs.p95)}`,
    ...(wrongBodies > 0 ? [`${wrongBodies} WRONG BODIES`] : []),
  ].join(' · ');
}

function summarise(snapshot: LoadSnapshot): string {
  const { startupMs, stalls, latencyMs, received, failures } = snapshot;
  const failed = Object.entries(failures).filter(([, count]) => count > 0);
  return [
    `viewers      ${snapshot.arrived} of ${snapshot.viewers} arrived, ${snapshot.neverPlayed} never played`,
    `start-up     p50 ${milliseconds(startupMs.p50)}, p95 ${milliseconds(startupMs.p95)}`,
    `stalls       ${stalls.count} at ${stalls.viewers} viewers, ${(stalls.ratio * 100).toFixed(3)} % of the time`,
    `bitrate      ${megabits(snapshot.meanBitrateBps)} mean, ${snapshot.renditionSwitches} switches`,
    `latency      p50 ${seconds(latencyMs.p50)}, p95 ${seconds(latencyMs.p95)}, camera to screen`,
    `servers      ${snapshot.serverSwitches} switches, ${snapshot.gaps} gaps, ${snapshot.jumps} jumps to live`,
    `requests     ${snapshot.requests}, failed: ${failed.map(([cause, count]) => `${count} ${cause}`).join(', ') || 'none'}`,
    `bodies       ${snapshot.wrongBodies} wrong, ${snapshot.unverifiedBodies} without a digest`,
    `received     ${snapshot.receivedBytes} bytes, ${received.partialBytes} of them in ${received.partialTransfers} partial transfers`,
    ...snapshot.servers.map(
      ({ baseUrl, wholeBytes, partialBytes }) => `  ${baseUrl}  ${wholeBytes + partialBytes} bytes`,
    ),
  ].join('\n');
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${value} ms`;
}

function seconds(valueMs: number | null): string {
  return valueMs === null ? '–' : `${(valueMs / 1000).toFixed(1)} s`;
}

function megabits(valueBps: number | null): string {
  return valueBps === null ? '–' : `${(valueBps / 1e6).toFixed(2)} Mbit/s`;
}

/** Resolves when it is written: the process may end then. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
