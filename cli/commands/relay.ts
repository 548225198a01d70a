import type { Command } from 'commander';
import { formatAddress, parseAddress } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import type { RelayOptions } from '../../runtime/relay.ts';
import { parseDuration, parseRate } from '../../runtime/units.ts';

interface Flags {
  listen?: string;
  to?: string;
  rtt: string;
  rate: string;
  links?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('relay')
    .description('A modelled link between real processes: a TCP relay with a round trip and a rate.')
    .option('--listen <host:port>', 'the near end')
    .option('--to <host:port>', 'the far end')
    .option('--rtt <duration>', 'there and back', '40ms')
    .option('--rate <rate>', 'of each direction', '1Gbit/s')
    .option('--links <file>', 'YAML or JSON: several links in one process, instead (runtime/relay-links.ts)')
    .option('--json', 'print the URLs as one JSON line when ready')
    .action(async (flags: Flags) => {
      const [{ Relay }, { createLog }, { runUntilSignal }] = await Promise.all([
        import('../../runtime/relay.ts'),
        import('../../runtime/log.ts'),
        import('../../runtime/service.ts'),
      ]);
      const relays = (await linksOf(flags)).map((options) => new Relay(options));
      const close = async () => {
        await Promise.all(relays.map((relay) => relay.close()));
      };
      const urls: Record<string, string> = {};
      try {
        for (const [at, relay] of relays.entries()) {
          urls[at === 0 ? 'listen' : `listen-${at + 1}`] = `http://${formatAddress(await relay.open())}`;
        }
      } catch (error) {
        await close();
        throw error;
      }
      const service = { urls, drain: async () => {}, close };
      await runUntilSignal(service, { log: createLog('relay'), json: flags.json ?? false });
    });
}

async function linksOf({ listen, to, rtt, rate, links }: Flags): Promise<RelayOptions[]> {
  if (links !== undefined) {
    if (listen !== undefined || to !== undefined)
      throw new BadInput('--links: the file names both ends, leave out --listen and --to');
    const [{ relayLinksSchema }, { checkConfig, readConfigFile }] = await Promise.all([
      import('../../runtime/relay-links.ts'),
      import('../../runtime/config-file.ts'),
    ]);
    return checkConfig(readConfigFile(links, relayLinksSchema), links, relayLinksSchema).links;
  }
  if (listen === undefined || to === undefined) throw new BadInput('--listen and --to are needed, or --links');
  const { RATE_BOUNDS, RTT_BOUNDS } = await import('../../runtime/relay.ts');
  return [
    {
      listen: parseAddress(listen, '--listen'),
      to: parseAddress(to, '--to'),
      rttMs: parseDuration(rtt, '--rtt', RTT_BOUNDS),
      rateBps: parseRate(rate, '--rate', RATE_BOUNDS),
    },
  ];
}
