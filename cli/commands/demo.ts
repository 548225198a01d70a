import type { Command } from 'commander';
import { parseCount, parseDuration, parseRate } from '../../runtime/units.ts';

interface Flags {
  viewers: string;
  duration?: string;
  port: string;
  seed: string;
  topology?: string;
  rtt?: string;
  rate?: string;
  accessRelays?: boolean;
  kill?: string[];
  restart?: string[];
  fault?: string[];
  json?: boolean;
}

const SPREAD_MS = 10_000;

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

export function register(program: Command): void {
  program
    .command('demo')
    .description(
      'A live event end to end on this machine: test stream, origin, shield, edges, steering, viewers, watch page.',
    )
    .option('--viewers <n>', 'virtual players', '200')
    .option('--duration <duration>', 'end after this long (default: at Ctrl-C)')
    .option('--port <n>', 'the port on every 127.0.0.x; admin listeners use the next one', '8080')
    .option('--seed <n>', 'the viewers’ seed', '1')
    .option(
      '--topology <file>',
      'sites, edges, shield, viewers’ networks and backbone (default: the one that comes along)',
    )
    .option('--rtt <duration>', 'round trip of each backbone link, instead of the topology’s')
    .option('--rate <rate>', 'rate of each backbone link, instead of the topology’s')
    .option('--access-relays', 'model the edges’ interfaces and the ways to viewers and steering too (costs CPU)')
    .option('--kill <name@time>', 'kill -9 a process, for example edge-3@20s; repeat for more', collect)
    .option('--restart <name@time>', 'start it again, for example edge-3@40s; repeat for more', collect)
    .option(
      '--fault <kind:pipeline@time>',
      'corrupt, missing, stall or none, for example corrupt:pipeline-a@10s',
      collect,
    )
    .option('--json', 'for machines: a line with every URL, a line a second, a last line with the summary')
    .addHelpText(
      'after',
      '\nExits 1 when an invariant broke, a body was wrong, or a viewer never played.' +
        '\nExample:\n  undercard demo --duration 60s --kill edge-3@20s --restart edge-3@40s --kill pipeline-a@10s',
    )
    .action(async (flags: Flags) => {
      const [
        { runDemo },
        { DemoPlan, PIPELINE_NAMES },
        { DEMO_TOPOLOGY, openWorld },
        { parseFaultStep, parseProcessStep },
        { RATE_BOUNDS, RTT_BOUNDS },
      ] = await Promise.all([
        import('../demo/demo.ts'),
        import('../demo/plan.ts'),
        import('../demo/world.ts'),
        import('../demo/schedule.ts'),
        import('../../runtime/relay.ts'),
      ]);
      const options = {
        port: parseCount(flags.port, '--port', 1024, 65_534),
        viewers: parseCount(flags.viewers, '--viewers', 0, 20_000),
        seed: parseCount(flags.seed, '--seed', 0, 2 ** 31 - 1),
        eventId: 'demo',
        spreadMs: SPREAD_MS,
        accessRelays: flags.accessRelays ?? false,
        durationMs: flags.duration === undefined ? null : parseDuration(flags.duration, '--duration', ['1s', '500h']),
      };
      const world = openWorld(flags.topology ?? DEMO_TOPOLOGY, options.seed, {
        rttMs: flags.rtt === undefined ? undefined : parseDuration(flags.rtt, '--rtt', RTT_BOUNDS),
        rateBps: flags.rate === undefined ? undefined : parseRate(flags.rate, '--rate', RATE_BOUNDS),
      });
      const names = new DemoPlan(options, world, '').processNames;
      const held = await runDemo({
        ...options,
        world,
        steps: [
          ...(flags.kill ?? []).map((text) => parseProcessStep('kill', text, names)),
          ...(flags.restart ?? []).map((text) => parseProcessStep('restart', text, names)),
          ...(flags.fault ?? []).map((text) => parseFaultStep(text, PIPELINE_NAMES)),
        ],
        json: flags.json ?? false,
      });
      process.exit(held ? 0 : 1);
    });
}
