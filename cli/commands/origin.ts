import type { Command } from 'commander';
import { parseAddress } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseIdentifier } from '../../runtime/identifier.ts';
import { parseBytes, parseCount, parseDuration } from '../../runtime/units.ts';
import { registerEvent } from './origin-event.ts';

interface OriginFlags {
  listen: string;
  ingest?: string;
  admin?: string;
  adminToken?: string;
  id: string;
  pipeline?: string[];
  dvrWindow: string;
  maxMemory: string;
  maxBody: string;
  maxWaiters: string;
  maxReads: string;
  json?: boolean;
}

/** `undercard origin`: the live origin, and `undercard origin event create`. */
export function register(program: Command): void {
  // On both levels, else `event create` would lose to this command the flags that both have.
  program.enablePositionalOptions();
  const origin = program
    .command('origin')
    .description('live origin: pipelines PUT segments, tiers GET them, held until they are there')
    .enablePositionalOptions()
    .option('--listen <address>', 'where tiers read', '127.0.0.1:9000')
    .option('--ingest <address>', 'where pipelines publish (default: on --listen too)')
    .option('--admin <address>', 'health, metrics, draining')
    .option('--admin-token <token>', 'bearer token of the admin listener, needed off loopback')
    .option('--id <name>', 'name of this node', 'origin')
    .option('--pipeline <name>', 'who may publish; repeat it (default: a and b)', collect)
    .option('--dvr-window <duration>', 'the longest DVR window an event may have', '10m')
    .option('--max-memory <size>', 'bound on stored segments', '512MB')
    .option('--max-body <size>', 'bound on one segment', '16MB')
    .option('--max-waiters <count>', 'bound on held reads', '20000')
    .option('--max-reads <count>', 'bound on reads being answered at once', '2000')
    .option('--json', 'one line of JSON on standard output when ready')
    .action(run);
  registerEvent(origin);
}

async function run(flags: OriginFlags): Promise<void> {
  const { startOrigin } = await import('../../origin/service/origin-service.ts');
  const { ORIGIN_DEFAULTS } = await import('../../origin/service/origin-config.ts');
  const { createLog } = await import('../../runtime/log.ts');
  const { runUntilSignal } = await import('../../runtime/service.ts');
  const log = createLog(flags.id);
  const maxMemoryBytes = parseBytes(flags.maxMemory, '--max-memory');
  const maxBodyBytes = parseBytes(flags.maxBody, '--max-body', ['1kB', '1GB']);
  if (maxBodyBytes > maxMemoryBytes)
    throw new BadInput('--max-body is more than --max-memory: no such body could be stored');
  const service = await startOrigin({
    ...ORIGIN_DEFAULTS,
    id: parseIdentifier(flags.id, '--id'),
    listen: parseAddress(flags.listen, '--listen'),
    ingest: flags.ingest === undefined ? undefined : parseAddress(flags.ingest, '--ingest'),
    admin: flags.admin === undefined ? undefined : parseAddress(flags.admin, '--admin'),
    adminToken: flags.adminToken,
    pipelines: checkPipelines(flags.pipeline ?? [...ORIGIN_DEFAULTS.pipelines]),
    maxDvrWindowMs: parseDuration(flags.dvrWindow, '--dvr-window', ['1s', '500h']),
    maxMemoryBytes,
    maxBodyBytes,
    maxWaiters: parseCount(flags.maxWaiters, '--max-waiters', 1, 1e6),
    maxReads: parseCount(flags.maxReads, '--max-reads', 1, 1e6),
    log,
  });
  await runUntilSignal(service, { log, json: flags.json ?? false });
}

function checkPipelines(names: string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BadInput(`--pipeline: "${twice}" is given twice`);
  return names.map((name) => parseIdentifier(name, '--pipeline'));
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
