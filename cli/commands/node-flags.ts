import type { Command } from 'commander';
import { parseOrigin } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseBytes, parseRate } from '../../runtime/units.ts';
import type { EdgeConfig } from '../../edge/service/edge-config.ts';

export interface NodeFlags {
  config?: string;
  listen?: string;
  admin?: string;
  adminToken?: string;
  upstream?: string[];
  id?: string;
  site?: string;
  neighbour?: string[];
  tier?: string[];
  memory?: string;
  capacity?: string;
  reportTo?: string[];
  countAgent?: string;
  record?: string;
  json?: boolean;
}

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

/** The flags that edge and shield share. Each overrides the field of the configuration file. */
export function withNodeFlags(command: Command): Command {
  return command
    .option('--listen <host:port>', 'the data plane (default 127.0.0.1:8080)')
    .option('--upstream <url>', 'the tier above; repeat for more, best first', collect)
    .option('--admin <host:port>', 'the admin listener: /healthz /readyz /metrics /state /drain /purge')
    .option('--admin-token <token>', 'bearer token of the admin listener, needed beyond loopback')
    .option('--config <file>', 'YAML with every setting; flags override it')
    .option('--id <name>', 'the node’s name in Cache-Status, CDN-Loop and reports')
    .option('--site <name>', 'the site it stands in')
    .option('--neighbour <id=url>', 'another edge of the same site; repeat for more', collect)
    .option('--tier <id>', 'a node below that counts as ours; repeat for more', collect)
    .option('--memory <size>', 'bodies kept in memory (default 512MiB)')
    .option('--capacity <rate>', 'what the node can send, for its reports (default 10Gbit/s)')
    .option('--report-to <url>', 'a steering instance that gets a report every second; repeat for more', collect)
    .option('--count-agent <prefix>', 'count egress to user agents that begin so apart (rehearsals)')
    .option('--record <file>', 'write every decision to this file, for undercard replay')
    .option('--json', 'print the URLs as one JSON line when ready');
}

/** File, then flags, then defaults. @throws BadInput */
export async function nodeConfig(
  flags: NodeFlags,
  defaults: { id: string; role: EdgeConfig['role'] },
): Promise<EdgeConfig> {
  const [{ edgeConfigSchema }, { checkConfig, readConfigFile }] = await Promise.all([
    import('../../edge/service/edge-config.ts'),
    import('../../runtime/config-file.ts'),
  ]);
  // The file is checked by itself first, so that what is wrong in it is told with its line.
  const file = flags.config === undefined ? {} : readConfigFile(flags.config, edgeConfigSchema);
  const given = fromFlags(flags);
  const policy = { ...(file.policy as object | undefined), ...(given.policy as object | undefined) };
  const merged = { id: defaults.id, ...file, ...given, role: defaults.role, policy };
  if (!('upstreams' in merged)) {
    throw new BadInput('--upstream is needed: the server to fill from, for example http://127.0.0.1:9000');
  }
  return checkConfig(merged, 'flags', edgeConfigSchema);
}

function fromFlags(flags: NodeFlags): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    listen: flags.listen,
    admin: flags.admin,
    adminToken: flags.adminToken,
    upstreams: flags.upstream?.map((url) => parseOrigin(url, '--upstream').origin),
    id: flags.id,
    site: flags.site,
    neighbours: flags.neighbour === undefined ? undefined : neighboursOf(flags.neighbour),
    tiers: flags.tier,
    capacityBps: flags.capacity === undefined ? undefined : parseRate(flags.capacity, '--capacity'),
    reportTo: flags.reportTo?.map((url) => parseOrigin(url, '--report-to').origin),
    countAgent: flags.countAgent,
    record: flags.record,
    policy: flags.memory === undefined ? undefined : { memoryBytes: parseBytes(flags.memory, '--memory') },
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function neighboursOf(pairs: readonly string[]): Record<string, string> {
  const neighbours = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new BadInput(`--neighbour: "${pair}" must be id=url, for example edge-2=http://127.0.0.12:8080`);
    const id = pair.slice(0, at);
    if (neighbours.has(id)) throw new BadInput(`--neighbour: "${id}" is given twice`);
    neighbours.set(id, parseOrigin(pair.slice(at + 1), '--neighbour').origin);
  }
  return Object.fromEntries(neighbours);
}
