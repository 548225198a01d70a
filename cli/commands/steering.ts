import type { Command } from 'commander';
import { parseAddress, parseOrigin } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseIdentifier } from '../../runtime/identifier.ts';
import { addRecordFlags, recordConfigOf, type RecordFlags } from './record-flags.ts';
import { addLocationFlags, locationConfigOf, type LocationFlags } from './location-flags.ts';
import { steeringTuningOf, type TuningFlags } from './steering-tuning.ts';
import { addCdnFlags, runCdnSteering, type CdnFlags } from './steering-cdns.ts';
import { registerLocate } from './steering-locate.ts';
import { registerReplay } from './steering-replay.ts';

interface Flags extends Omit<LocationFlags, 'policy'>, TuningFlags, CdnFlags, RecordFlags {
  listen: string;
  sites?: string;
  eventsFrom?: string;
  admin?: string;
  adminToken?: string;
  publicUrl?: string;
  trustedProxy?: string[];
  allowIpParameter?: boolean;
  testCases?: boolean;
  publicExplain?: boolean;
  id: string;
  json?: boolean;
}

export function register(program: Command): void {
  // On both levels, else a sub-command would lose to this command the flags that both have.
  program.enablePositionalOptions();
  const steering = program
    .command('steering')
    .enablePositionalOptions()
    .description('tell players which servers to use: /v1/servers, /v1/steer/hls|dash, /play/<event>.m3u8|.mpd')
    .option('--sites <file>', 'YAML: the sites, and the edges at each (steering/README.md shows one); this or --cdns')
    .option('--events-from <url>', 'origin or edge that has /live/<event>/event.json; with --sites')
    .option('--listen <address>', 'where players and reporting nodes come', '127.0.0.1:8090')
    .option('--admin <address>', 'health, readiness, metrics, /state and the page /explain, on a listener of its own')
    .option('--admin-token <token>', 'bearer token for the admin listener, needed beyond loopback')
    .option('--public-url <url>', 'how players reach this service (default: the listener)')
    .option('--trusted-proxy <cidr>', 'believe X-Forwarded-For from here; may be repeated', collect)
    .option('--allow-ip-parameter', 'for tests: ?ip= names the client')
    .option(
      '--test-cases',
      'for player developers: ?case= asks for a wrong answer; /v1/cases lists them (docs/players.md)',
    )
    .option('--public-explain', 'have /explain where players come, too: it shows health and capacity of every node')
    .option('--config <file>', 'YAML: how it decides, as the steering section of a scenario; flags override it')
    .option('--suspect-after <duration>', 'prefer others to a node silent for longer (default 3s)')
    .option('--down-after <duration>', 'take a node silent for longer for dead (default 5s)')
    .option('--id <name>', 'name in metrics and logs', 'steering')
    .option('--json', 'first line on standard output: {"ready":true,"urls":{…}}')
    .action(run);
  addLocationFlags(steering);
  addCdnFlags(steering);
  addRecordFlags(steering);
  registerLocate(steering);
  registerReplay(steering);
}

async function run(flags: Flags): Promise<void> {
  const common = {
    id: parseIdentifier(flags.id, '--id'),
    listen: parseAddress(flags.listen, '--listen'),
    admin:
      flags.admin === undefined
        ? undefined
        : { address: parseAddress(flags.admin, '--admin'), token: flags.adminToken },
    publicUrl: flags.publicUrl === undefined ? undefined : parseOrigin(flags.publicUrl, '--public-url'),
    trustedProxies: flags.trustedProxy ?? [],
    allowIpParameter: flags.allowIpParameter ?? false,
    testCases: flags.testCases ?? false,
  };
  if (flags.adminToken !== undefined && flags.admin === undefined)
    throw new BadInput('--admin-token goes with --admin <address>: add that, or leave it out');
  const { cdns } = flags;
  if (cdns !== undefined && flags.record !== undefined)
    throw new BadInput('--record goes with --sites, not with --cdns');
  if (cdns !== undefined) return runCdnSteering({ ...flags, cdns }, common);
  if (flags.ledger !== undefined) throw new BadInput('--ledger goes with --cdns: add that, or leave it out');
  const config = {
    ...common,
    sitesFile: required(flags.sites, '--sites <file>'),
    eventsFrom: parseOrigin(required(flags.eventsFrom, '--events-from <url>'), '--events-from'),
    ...(await locationConfigOf(flags)),
    publicExplain: flags.publicExplain ?? false,
    tuning: await steeringTuningOf(flags),
    record: recordConfigOf(flags),
  };
  // Other commands must not wait for what only this one needs.
  const { createLog } = await import('../../runtime/log.ts');
  const { runUntilSignal } = await import('../../runtime/service.ts');
  const { startSteering } = await import('../../steering/service/steering.ts');
  const log = createLog(flags.id);
  const service = await startSteering({ ...config, log });
  await runUntilSignal(service, { log, json: flags.json ?? false });
}

/** Not commander's own kind, which would be asked of the sub-commands, too. */
function required(value: string | undefined, flag: string): string {
  if (value === undefined)
    throw new BadInput(`steering needs ${flag}, or --cdns <file> (undercard steering --help lists the flags)`);
  return value;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
