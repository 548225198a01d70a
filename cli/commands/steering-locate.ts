import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import type { LocationSources } from '../../steering/service/location-sources.ts';
import type { Site } from '../../topology/model/site.ts';
import { addLocationFlags, locationConfigOf, type LocationFlags } from './location-flags.ts';

interface Flags extends LocationFlags {
  ip: string[];
  sites?: string;
  most: string;
  json?: boolean;
}

/** `undercard steering locate`: the chain that every request goes through, with what each link of it says. */
export function registerLocate(steering: Command): void {
  const locate = steering
    .command('locate')
    .description('shows where an address is taken to be, by what, and in which order it gets the sites')
    .requiredOption('--ip <address>', 'the client’s; may be repeated', (value, before?: string[]) => [
      ...(before ?? []),
      value,
    ])
    .option('--sites <file>', 'the sites that are ordered (default: those of the topology)');
  addLocationFlags(locate)
    .option('--most <count>', 'how many of the sites to show', '8')
    .option('--json', 'everything as JSON, one line an address')
    .addHelpText(
      'after',
      '\nExample:\n  undercard steering locate --ip 198.18.33.1 --topology topology/examples/three-sites.yaml',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const [{ canonicalAddress }, { createLog }, { parseCount }, { loadCountryPositions }, { LocationSources: Sources }] =
    await Promise.all([
      import('../../topology/model/ip-address.ts'),
      import('../../runtime/log.ts'),
      import('../../runtime/units.ts'),
      import('../../topology/load/country-positions.ts'),
      import('../../steering/service/location-sources.ts'),
    ]);
  const most = parseCount(flags.most, '--most', 1, 100_000);
  const addresses = flags.ip.map((text) => {
    const address = canonicalAddress(text);
    if (address === null) throw new BadInput(`--ip: "${text}" is no IPv4 or IPv6 address`);
    return address;
  });
  const config = await locationConfigOf(flags);
  const { sites, file } = await sitesOf(flags);
  const sources = await Sources.open({
    ...config,
    files: config,
    sites,
    sitesFile: file,
    countries: loadCountryPositions(),
    log: createLog('locate', 'warn'),
    policy: flags.policy ?? 'network',
    watchEveryMs: 0,
  });
  const { describeTrace, traceJson } = await import('./location-trace.ts');
  for (const address of addresses) {
    const ranked = rankedSites(sources, sites, address).slice(0, most);
    const trace = sources.trace(address);
    const { routing } = sources;
    console.log(
      flags.json ? JSON.stringify(traceJson(trace, ranked)) : describeTrace(trace, ranked, routing?.topology),
    );
  }
}

function rankedSites(sources: LocationSources, sites: readonly Site[], address: string) {
  if (sites.length === 0) return [];
  const { country, subscriber, where } = sources.locate(address);
  const place = { country, subscriber, where, client: address };
  return Array.from(sources.order.order(place), (site, rank) => ({
    site: sites[site]!.id,
    reason: sources.order.reason(place, site, rank),
  }));
}

/** Of the sites file; without one the topology’s, whose servers do not matter here. */
async function sitesOf({
  sites: file,
  topology,
  coverageZones,
}: Flags): Promise<{ sites: readonly Site[]; file: string }> {
  if (file !== undefined) {
    const { loadSites } = await import('../../topology/load/sites-file.ts');
    const outcome = await loadSites(file);
    if (outcome.kind === 'bad') throw new BadInput(`--sites ${outcome.reason}`);
    return { sites: outcome.sites.sites, file };
  }
  if (topology !== undefined) {
    const { readTopologyApart } = await import('../../steering/service/read-apart.ts');
    const outcome = await readTopologyApart(topology);
    if (outcome.kind === 'bad') throw new BadInput(`--topology ${outcome.reason}`);
    const metros = new Map(outcome.topology.metros.map((metro) => [metro.id, metro]));
    const sites = outcome.topology.sites.map(({ id, metro, kind }): Site => {
      const { country, latitude, longitude } = metros.get(metro)!;
      return { id, country, latitude, longitude, kind, edges: [] };
    });
    return { sites, file: topology };
  }
  if (coverageZones !== undefined) {
    throw new BadInput('--coverage-zones names sites: give --sites <file>, or --topology <file> for its sites');
  }
  return { sites: [], file: '' };
}
