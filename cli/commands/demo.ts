import type { Command } from 'commander';
import { parseCount, parseDuration, parseRate } from '../../runtime/units.ts';

interface Flags {
  viewers: string;
  duration?: string;
  port: string;
  seed: string;
  rtt: string;
  rate: string;
  kill?: string[];
  restart?: string[];
  fault?: string[];
  json?: boolean;
}

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

export function register(program: Command): void {
  program
    .command('demo')
    .description(
      'A live event end to end on this machine: test stream, origin, shield, six edges, steering, viewers, watch page.',
    )
    .option('--viewers <n>', 'virtual players', '200')
    .option('--duration <duration>', 'end after this long (default: at Ctrl-C)')
    .option('--port <n>', 'the port on every 127.0.0.x; admin listeners use the next one', '8080')
    .option('--seed <n>', 'the viewers’ seed', '1')
    .option('--rtt <duration>', 'round trip of the backbone', '40ms')
    .option('--rate <rate>', 'rate of the backbone', '1Gbit/s')
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
        { PIPELINE_NAMES, PROCESS_NAMES },
        { parseFaultStep, parseProcessStep },
        { RATE_BOUNDS, RTT_BOUNDS },
      ] = await Promise.all([
        import('../demo/demo.ts'),
        import('../demo/plan.ts'),
        import('../demo/schedule.ts'),
        import('../../runtime/relay.ts'),
      ]);
      const held = await runDemo({
        port: parseCount(flags.port, '--port', 1024, 65_534),
        viewers: parseCount(flags.viewers, '--viewers', 0, 20_000),
        seed: parseCount(flags.seed, '--seed', 0, 2 ** 31 - 1),
        rttMs: parseDuration(flags.rtt, '--rtt', RTT_BOUNDS),
        rateBps: parseRate(flags.rate, '--rate', RATE_BOUNDS),
        eventId: 'demo',
        durationMs: flags.duration === undefined ? null : parseDuration(flags.duration, '--duration', ['1s', '500h']),
        steps: [
          ...(flags.kill ?? []).map((text) => parseProcessStep('kill', text, PROCESS_NAMES)),
          ...(flags.restart ?? []).map((text) => parseProcessStep('restart', text, PROCESS_NAMES)),
          ...(flags.fault ?? []).map((text) => parseFaultStep(text, PIPELINE_NAMES)),
        ],
        json: flags.json ?? false,
      });
      process.exit(held ? 0 : 1);
    });
}
