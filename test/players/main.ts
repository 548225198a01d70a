// `npm run players`: what hls.js, dash.js and Shaka do with each of steering's test cases, found out by running them.
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseCount } from '../../runtime/units.ts';
import { CASE_NAMES, isCaseName, type CaseName } from '../../steering/policy/players/test-cases.ts';
import { DeliveryWorld } from '../support/delivery-world.ts';
import { PlayerPages } from '../support/player-pages.ts';
import { COLUMNS, type Column } from './columns.ts';
import { measuredTables, PLAYERS_FILE, refreshed, withSection, type Measurement } from './document.ts';
import { Kept } from './kept.ts';
import type { Observation } from './observation.ts';
import { describe, isFlood } from './phrases.ts';
import { SITES, STEERING_FLAGS, watchCase, type Watch } from './watch-case.ts';

interface Flags {
  cases?: string;
  players?: string;
  seconds: string;
  parallel: string;
  observations?: string;
  write: boolean;
}

const TTL_SECONDS = 4;
/** Those that a player may treat in another way once it has had a right answer. */
const LATER: readonly CaseName[] = [
  ...(['version-2', 'priority-empty', 'unknown-pathway', 'dead-pathway', 'garbage'] as const),
  ...(['404', '410', '429', '429-retry-after', '500', '503-retry-after', 'hang'] as const),
];
/** Until a player's own time limits show. */
const LONGER: Partial<Record<CaseName, number>> = { slow: 2, hang: 2 };

/** A page that was stopped for longer in all tells of the machine, not of the player; it is watched again. */
const DISTURBED_MS = 3000;
/** A segment that nobody gets is as bad as this. */
const LOST_SEGMENT_MS = 60_000;
const MOST_TRIES = 5;

const program = new Command('players')
  .usage('[flags]   (npm run players -- [flags])')
  .description(
    'Runs hls.js, dash.js and Shaka in Debian’s Chromium against each of steering’s test cases, and writes what they do ' +
      'to docs/players.md. About 35 minutes on two cores that nothing else uses.',
  )
  .option('--cases <names>', 'only these, with commas between; nothing is written then')
  .option(
    '--players <names>',
    `only these of ${COLUMNS.map(({ name }) => `"${name}"`).join(', ')}, with semicolons between`,
  )
  .option('--seconds <n>', 'to watch each for', '45')
  .option('--parallel <n>', 'players at the same time', '4')
  .option('--observations <file>', 'write each there as it comes; those that are there already are not made again')
  .option('--no-write', 'leave docs/players.md as it is')
  .exitOverride();

async function run(flags: Flags): Promise<void> {
  const cases = flags.cases?.split(',').map(caseOf) ?? CASE_NAMES;
  const columns = flags.players?.split(';').map(columnOf) ?? COLUMNS;
  const seconds = parseCount(flags.seconds, '--seconds', 20, 600);
  const parallel = parseCount(flags.parallel, '--parallel', 1, 50);
  const watches = [0, 1].flatMap((after) =>
    cases
      .filter((name) => after === 0 || LATER.includes(name))
      .flatMap((name) =>
        columns.map((column) => ({
          column,
          case: name,
          after,
          ttlSeconds: TTL_SECONDS,
          seconds: seconds * (LONGER[name] ?? 1),
        })),
      ),
  );
  const measurement = await measure(watches, parallel, new Kept(flags.observations));
  if (flags.cases !== undefined || flags.players !== undefined || !flags.write) {
    console.log(measuredTables(measurement));
    return;
  }
  const page = refreshed(readFileSync(PLAYERS_FILE, 'utf8'));
  writeFileSync(PLAYERS_FILE, withSection(page, 'measured', measuredTables(measurement)));
}

async function measure(watches: readonly Watch[], parallel: number, kept: Kept): Promise<Measurement> {
  const left = watches.filter((watch) => kept.find(watch) === undefined).map((watch) => ({ watch, tries: 1 }));
  const disturbed = new Map<Watch, Observation>();
  if (left.length > 0) {
    await withPlayers(async (pages, world) => {
      kept.setMeasured(new Date().toISOString().slice(0, 10), `Chromium ${pages.browserVersion}`);
      const worker = async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const { watch, tries } = next;
          const what = `${watch.column.name} ${watch.case}${watch.after === 0 ? '' : ' later'}`;
          try {
            const observation = await watchCase(pages, world, watch);
            const isDisturbed = disturbanceMs(observation) > DISTURBED_MS && !isFlood(observation);
            const best = isDisturbed ? better(observation, disturbed.get(watch)) : observation;
            if (isDisturbed && tries < MOST_TRIES) {
              disturbed.set(watch, best);
              left.push({ watch, tries: tries + 1 });
            } else kept.add(best);
            const note = isDisturbed ? ` (disturbed for ${(disturbanceMs(observation) / 1000).toFixed(1)} s)` : '';
            console.error(`${left.length} left; ${what}: ${describe(observation)}${note}`);
          } catch (error) {
            if (tries === MOST_TRIES) throw error;
            left.push({ watch, tries: tries + 1 });
            console.error(`${left.length} left; ${what}: ${(error as Error).message.split('\n')[0]}`);
          }
        }
      };
      await Promise.all(Array.from({ length: parallel }, worker));
    });
  }
  return kept.measurement(watches);
}

/** The less disturbed. */
function better(one: Observation, other: Observation | undefined): Observation {
  return other !== undefined && disturbanceMs(other) < disturbanceMs(one) ? other : one;
}

/** A segment that is gone before it was there means that the machine did not keep up with the cameras: no case makes one. */
function disturbanceMs({ blockedMs, segments }: Observation): number {
  return segments.some(({ status }) => status === 410) ? blockedMs + LOST_SEGMENT_MS : blockedMs;
}

async function withPlayers(use: (pages: PlayerPages, world: DeliveryWorld) => Promise<void>): Promise<void> {
  const ends: (() => unknown)[] = [];
  const stack = { teardown: (end: () => unknown) => void ends.push(end) };
  const tearDown = async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  process.once('SIGINT', () => void tearDown().finally(() => process.exit(130)));
  try {
    const world = await DeliveryWorld.open(stack, { sites: SITES, steeringFlags: STEERING_FLAGS });
    await use(await PlayerPages.open(stack), world);
  } finally {
    await tearDown();
  }
}

function caseOf(name: string): CaseName {
  if (isCaseName(name)) return name;
  throw new BadInput(`--cases: "${name}" is none of ${CASE_NAMES.join(', ')}`);
}

function columnOf(name: string): Column {
  const column = COLUMNS.find((one) => one.name === name);
  if (column !== undefined) return column;
  throw new BadInput(`--players: "${name}" is none of ${COLUMNS.map((one) => one.name).join('; ')}`);
}

try {
  await run(program.parse().opts<Flags>());
  process.exit(0);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`players: ${error instanceof BadInput ? error.message : ((error as Error).stack ?? String(error))}`);
  process.exit(error instanceof BadInput ? 2 : 1);
}
