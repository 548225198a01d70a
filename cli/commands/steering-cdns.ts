import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import type { ShellConfig } from '../../steering/service/steering-shell.ts';

export interface CdnFlags {
  cdns?: string;
  ledger?: string;
}

export function addCdnFlags(command: Command): Command {
  return command
    .option(
      '--cdns <file>',
      'instead of --sites: steer between other people’s CDNs of this YAML file (docs/multi-cdn.md): also /v1/manifest, /r/<path>',
    )
    .option('--ledger <file>', 'with --cdns: keep what went to each CDN this month over a restart');
}

/** What is about servers of our own, and has no meaning with other people’s. */
const OF_OWN_SERVERS = {
  sites: '--sites',
  eventsFrom: '--events-from',
  config: '--config',
  policy: '--policy',
  coverageZones: '--coverage-zones',
  defaultCountry: '--default-country',
  defaultPosition: '--default-position',
  suspectAfter: '--suspect-after',
  downAfter: '--down-after',
  publicExplain: '--public-explain',
};

interface ServiceConfig extends Omit<ShellConfig, 'log'> {
  id: string;
  trustedProxies: readonly string[];
  allowIpParameter: boolean;
  testCases: boolean;
}

/** @throws BadInput for flags that do not go together */
export async function runCdnSteering(
  flags: CdnFlags & { cdns: string; topology?: string; mmdb?: string[]; json?: boolean },
  config: ServiceConfig,
): Promise<void> {
  for (const [name, flag] of Object.entries(OF_OWN_SERVERS)) {
    if ((flags as unknown as Record<string, unknown>)[name] === undefined) continue;
    throw new BadInput(`${flag} does not go with --cdns, which steers between servers of others; leave it out`);
  }
  const { createLog } = await import('../../runtime/log.ts');
  const { runUntilSignal } = await import('../../runtime/service.ts');
  const { startCdnSteering } = await import('../../steering/service/cdns/cdn-steering.ts');
  const log = createLog(config.id);
  const service = await startCdnSteering({
    ...config,
    cdnsFile: flags.cdns,
    ledgerFile: flags.ledger,
    topologyFile: flags.topology,
    mmdbFiles: flags.mmdb ?? [],
    log,
  });
  await runUntilSignal(service, { log, json: flags.json ?? false });
}
