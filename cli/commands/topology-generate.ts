import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseCount, parseRate } from '../../runtime/units.ts';
import type { Topology } from '../../topology/model/topology.ts';

interface Flags {
  sites: string;
  servers: string;
  seed: string;
  peak?: string;
  viewers?: string;
  embedded?: string;
  countries?: string;
  out?: string;
  json?: boolean;
}

/** Flags have the names of the options but one. */
const FLAG_OF: Readonly<Record<string, string>> = { embedded: '--embedded', countries: '--countries' };

export function registerGenerate(topology: Command): void {
  topology
    .command('generate')
    .description('Makes an Earth-like world from a seed: the same flags, the same bytes.')
    .option('--sites <count>', 'places with servers, 3 to 6000 and more', '40')
    .option('--servers <count>', 'edge servers in all, at least one a site; shields come on top', '120')
    .option('--seed <number>', 'of all chance', '1')
    .option('--peak <rate>', 'what viewers take at the peak it is built for (default 20 Gbit/s a server)')
    .option('--viewers <count>', 'instead of --peak: so many at 5 Mbit/s')
    .option('--embedded <share>', 'of the sites inside ISPs, 0 to 1 (default: a third, 0.6 or 0.9 by size)')
    .option('--countries <codes>', 'only these, for example DE,FR')
    .option('--out <file>', 'JSON when it ends in .json, else YAML; without it YAML on standard output')
    .option('--json', 'JSON on standard output; with --out a summary in JSON')
    .addHelpText(
      'after',
      '\nThe world is synthetic: see “provenance” in it, and topology/README.md.\n' +
        'Worlds of thousands of sites belong in JSON: large YAML is slow, and not read beyond some megabytes.\n' +
        'Example: undercard topology generate --sites 40 --servers 120 --seed 1 --out world.yaml',
    )
    .action(generate);
}

async function generate(flags: Flags): Promise<void> {
  const [{ generateWorld }, options, { topologyJson, topologyYaml, writeTopology }] = await Promise.all([
    import('../../topology/world/generate.ts'),
    import('../../topology/world/options.ts'),
    import('../../topology/load/topology-file.ts'),
  ]);
  if (flags.peak !== undefined && flags.viewers !== undefined) {
    throw new BadInput('--peak and --viewers say the same thing; give one of them');
  }
  const world = {
    sites: parseCount(flags.sites, '--sites', ...options.SITES_BOUNDS),
    servers: parseCount(flags.servers, '--servers', ...options.SERVERS_BOUNDS),
    seed: parseCount(flags.seed, '--seed', 0, 4_294_967_295),
    ...(flags.peak !== undefined && { peakBps: parseRate(flags.peak, '--peak', ['1Mbit/s', '1000Tbit/s']) }),
    ...(flags.viewers !== undefined && {
      peakBps:
        options.VIEWER_BPS * parseCount(flags.viewers, '--viewers', 1, options.PEAK_BPS_BOUNDS[1] / options.VIEWER_BPS),
    }),
    ...(flags.embedded !== undefined && { embeddedShare: parseShare(flags.embedded) }),
    ...(flags.countries !== undefined && { countries: parseCodes(flags.countries) }),
  };
  const problem = options.optionsProblem(world);
  if (problem !== null) throw new BadInput(problem.replace(/^\w+/, (name) => FLAG_OF[name] ?? `--${name}`));

  const show = stepLine();
  const topology = generateWorld(world, show);
  show('writing');
  if (flags.out === undefined) {
    const text = flags.json ? topologyJson(topology) : topologyYaml(topology);
    show(null);
    process.stdout.write(text);
    return;
  }
  try {
    writeTopology(topology, flags.out);
  } catch (error) {
    show(null);
    throw new BadInput(`--out: ${(error as Error).message}`, { cause: error });
  }
  show(null);
  const counts = countsOf(topology);
  console.log(flags.json ? JSON.stringify({ file: flags.out, ...counts }) : `${flags.out}: ${sentence(counts)}`);
}

function parseShare(text: string): number {
  const share = /^(?:\d(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : Number.NaN;
  if (!(share <= 1)) throw new BadInput(`--embedded: "${text}" is no share; give a number from 0 to 1`);
  return share;
}

function parseCodes(text: string): string[] {
  return text
    .split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '');
}

function countsOf({ sites, metros, networks, access, links, prefixes }: Topology) {
  const servers = sites.flatMap((site) => site.servers);
  return {
    sites: sites.length,
    embeddedSites: sites.filter(({ kind }) => kind === 'embedded').length,
    edgeServers: servers.filter(({ role }) => role === 'edge').length,
    shieldServers: servers.filter(({ role }) => role === 'shield').length,
    metros: metros.length,
    accessNetworks: networks.filter(({ kind }) => kind === 'isp').length,
    broadbandLines: access.reduce((sum, { subscribers }) => sum + subscribers, 0),
    links: links.length,
    prefixes: prefixes.length,
  };
}

function sentence(counts: ReturnType<typeof countsOf>): string {
  return (
    `${counts.sites} sites (${counts.embeddedSites} inside ISPs), ${counts.edgeServers} edge and ` +
    `${counts.shieldServers} shield servers, ${counts.accessNetworks} access networks in ${counts.metros} metros with ` +
    `${(counts.broadbandLines / 1e6).toFixed(1)} million lines, ${counts.links} links, ${counts.prefixes} prefixes`
  );
}

/** What is being done, on one line that is written over; without a terminal nothing. */
function stepLine(): (step: string | null) => void {
  if (!process.stderr.isTTY) return () => {};
  return (step) => process.stderr.write(`\r\x1b[K${step === null ? '' : `making a world: ${step} …`}`);
}
