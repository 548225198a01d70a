import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { registerGenerate } from './topology-generate.ts';

interface CheckFlags {
  strict?: boolean;
  json?: boolean;
}

interface ShowFlags {
  map?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const topology = program.command('topology').description('Modelled Internets: make one, check one, look at one.');
  registerGenerate(topology);
  topology
    .command('check')
    .description('Finds dangling references, islands, prefixes nobody announces, capacities that cannot be.')
    .argument('<file>', 'YAML, or JSON when its name ends in .json')
    .option('--strict', 'warnings count as a failure')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExits with 0 (usable), 1 (usable, warnings with --strict), 2 (not usable).')
    .action(check);
  topology
    .command('show')
    .description('Prints what a topology amounts to, and draws it.')
    .argument('<file>', 'YAML, or JSON when its name ends in .json')
    .option('--map <file.svg>', 'draw a map: sites and links by capacity')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', '\nExample:\n  undercard topology show topology/examples/three-sites.yaml --map map.svg')
    .action(show);
}

async function check(file: string, flags: CheckFlags): Promise<void> {
  const [{ readTopology }, { checkTopology }] = await Promise.all([
    import('../../topology/load/topology-file.ts'),
    import('../../topology/model/check.ts'),
  ]);
  const read = readTopology(file);
  if (read.kind === 'bad') throw new BadInput(read.reason);
  const findings = checkTopology(read.topology).map((finding) => ({
    line: read.places.lineOf(finding.path),
    ...finding,
    path: finding.path.join('.'),
  }));
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (flags.json) {
    console.log(JSON.stringify({ file, errors, warnings, findings }));
  } else {
    for (const { line, severity, message } of findings) console.log(`${file}:${line}: ${severity}: ${message}`);
    const { sites, networks, links } = read.topology;
    const size = `${plural(sites.length, 'site')}, ${plural(networks.length, 'network')}, ${plural(links.length, 'link')}`;
    if (findings.length === 0) console.log(`${file}: nothing is wrong (${size})`);
    else
      console.log(
        `${file}: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}${errors > 0 ? '; with errors it cannot be used' : ''}`,
      );
  }
  process.exitCode = errors > 0 ? 2 : warnings > 0 && flags.strict ? 1 : 0;
}

async function show(file: string, flags: ShowFlags): Promise<void> {
  const [{ loadTopology }, { Routing }, { summarize }, { describeSummary }] = await Promise.all([
    import('../../topology/load/topology-file.ts'),
    import('../../topology/model/routing.ts'),
    import('../../topology/model/summary.ts'),
    import('../../topology/map/summary-text.ts'),
  ]);
  const loaded = loadTopology(file);
  if (loaded.kind === 'bad') throw new BadInput(loaded.reason);
  const summary = summarize(new Routing(loaded.topology));
  if (flags.map !== undefined) await writeMap(loaded.topology, flags.map);
  console.log(flags.json ? JSON.stringify(summary) : describeSummary(summary));
}

async function writeMap(topology: Topology, path: string) {
  const [{ topologyMap }, { worldOutlines }, { writeFileSync }] = await Promise.all([
    import('../../topology/map/topology-map.ts'),
    import('../../topology/map/base-map.ts'),
    import('node:fs'),
  ]);
  try {
    writeFileSync(path, topologyMap(topology, worldOutlines()));
  } catch (cause) {
    throw new BadInput(`--map: ${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
