import { Option, type Command } from 'commander';

interface Flags {
  viewers?: string;
  duration?: string;
  seed?: string;
  set: string[];
  out?: string;
  runs?: string;
  variant?: string;
  record?: string;
  json?: boolean;
  cdns?: string;
}

const MOST_RUNS = 1000;

export function registerRun(sim: Command): void {
  sim
    .command('run')
    .description('run a scenario in virtual time: summary, result.json, CSV and report.html')
    .argument('<scenario>', 'one that comes along (undercard sim list) or a YAML file')
    .option('--viewers <n>', 'audience.viewers, other than the scenario says')
    .option(
      '--duration <time>',
      'durationSeconds, other than the scenario says, for example 10m; faults that would begin later are left out',
    )
    .option('--seed <n>', 'other chances; the same seed gives the same bytes')
    .option(
      '--set <field=value>',
      'any field, for example steering.policy=nearest or topology.file=world.yaml; may be repeated',
      collect,
      [],
    )
    .option(
      '--cdns <file>',
      'with other people’s CDNs instead of the topology’s sites, as undercard steering --cdns has them',
    )
    .option('--out <folder>', 'where files go (default out/<scenario>)')
    .option('--runs <n>', 'over so many seeds, from --seed on: means with 95 % confidence intervals')
    .option('--variant <name>', 'of a scenario with variants, only this one')
    .option('--record <file>', 'what steering decides, and what from, for undercard steering replay')
    .addOption(new Option('--json', 'print the summary as JSON'))
    .action(run);
  sim.command('list').description('the scenarios that come along').action(list);
}

async function list(): Promise<void> {
  const { libraryNames, loadScenario } = await import('../../sim/scenarios/load-scenario.ts');
  for (const name of libraryNames()) {
    const loaded = loadScenario(name);
    if (loaded.kind === 'bad') throw new Error(loaded.reason);
    const { title, description, audience, durationSeconds, variants } = loaded.scenario;
    console.log(
      `${name}: ${title ?? ''} (${audience.viewers} viewers, ${durationSeconds} s${variants ? `, variants ${Object.keys(variants).join(', ')}` : ''})`,
    );
    if (description !== undefined) console.log(`  ${description.trim().replace(/\s+/g, ' ')}`);
  }
}

async function run(name: string, flags: Flags): Promise<void> {
  const { runScenarios } = await import('../simulate/simulate.ts');
  const { parseCount, parseDuration } = await import('../../runtime/units.ts');
  const sets = [...flags.set];
  if (flags.viewers !== undefined)
    sets.push(`audience.viewers=${parseCount(flags.viewers, '--viewers', 1, 10_000_000)}`);
  if (flags.duration !== undefined)
    sets.push(`durationSeconds=${parseDuration(flags.duration, '--duration', ['1s', '168h']) / 1000}`);
  if (flags.seed !== undefined) sets.push(`seed=${parseCount(flags.seed, '--seed', 0, 2 ** 31 - 1)}`);
  const runs = flags.runs === undefined ? 1 : parseCount(flags.runs, '--runs', 1, MOST_RUNS);
  process.exitCode = await runScenarios(name, {
    sets,
    runs,
    variant: flags.variant ?? null,
    out: flags.out ?? null,
    json: flags.json ?? false,
    record: flags.record ?? null,
    cdns: flags.cdns ?? null,
  });
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
