import type { Command } from 'commander';
import { formatAddress, parseAddress } from '../../runtime/address.ts';
import { parseDuration, parseRate } from '../../runtime/units.ts';

interface Flags {
  listen: string;
  to: string;
  rtt: string;
  rate: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('relay')
    .description('A modelled link between real processes: a TCP relay with a round trip and a rate.')
    .requiredOption('--listen <host:port>', 'the near end')
    .requiredOption('--to <host:port>', 'the far end')
    .option('--rtt <duration>', 'there and back', '40ms')
    .option('--rate <rate>', 'of each direction', '1Gbit/s')
    .option('--json', 'print the URLs as one JSON line when ready')
    .action(async (flags: Flags) => {
      const [{ RATE_BOUNDS, Relay, RTT_BOUNDS }, { createLog }, { runUntilSignal }] = await Promise.all([
        import('../../runtime/relay.ts'),
        import('../../runtime/log.ts'),
        import('../../runtime/service.ts'),
      ]);
      const relay = new Relay({
        listen: parseAddress(flags.listen, '--listen'),
        to: parseAddress(flags.to, '--to'),
        rttMs: parseDuration(flags.rtt, '--rtt', RTT_BOUNDS),
        rateBps: parseRate(flags.rate, '--rate', RATE_BOUNDS),
      });
      const bound = await relay.open();
      const service = {
        urls: { listen: `http://${formatAddress(bound)}` },
        drain: async () => {},
        close: () => relay.close(),
      };
      await runUntilSignal(service, { log: createLog('relay'), json: flags.json ?? false });
    });
}
