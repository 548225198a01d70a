import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { parseOrigin } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseIdentifier } from '../../runtime/identifier.ts';
import { parseCount, parseDuration } from '../../runtime/units.ts';
import type { FaultKind } from '../../origin/test-stream/fault.ts';
import type { TestStream, TestStreamCounts } from '../../origin/test-stream/test-stream.ts';

interface TestStreamFlags {
  origin: string;
  event: string;
  pipeline: string;
  startMs: string;
  duration?: string;
  fault?: string;
  controlStdin?: boolean;
  json?: boolean;
}

const DVR_WINDOW_MS = 600_000;

/** `undercard test-stream`: one pipeline that feeds an origin with an endless stream. */
export function register(program: Command): void {
  program
    .command('test-stream')
    .description('One pipeline of an endless CMAF test stream (H.264, AAC, a clock, a beep), published to an origin.')
    .option('--origin <url>', 'the origin’s ingest', 'http://127.0.0.1:9000')
    .option('--event <id>', 'the event it feeds', 'demo')
    .option('--pipeline <name>', 'the pipeline it is', 'a')
    .option(
      '--start-ms <unix ms>',
      'wall clock of media time 0, rounded down to a whole segment; the same for each pipeline of an event',
      '0',
    )
    .option('--duration <duration>', 'end after this long (default: at SIGINT or SIGTERM)')
    .option('--fault <kind[@after]>', 'corrupt, missing or stall, at once or after a time: corrupt@10s')
    .option('--control-stdin', 'take "fault corrupt|missing|stall|none" from standard input, a line each')
    .option('--json', 'a line of JSON when it begins and another with the counts when it ends')
    .addHelpText(
      'after',
      '\nExample:\n  undercard test-stream --origin http://127.0.0.1:9000 --event demo --pipeline b',
    )
    .action(run);
}

async function run(flags: TestStreamFlags): Promise<void> {
  const [{ createLog }, { stopAsked }, { testStreamEvent }, { startTestStream }, { systemClock }] = await Promise.all([
    import('../../runtime/log.ts'),
    import('../../runtime/service.ts'),
    import('../../origin/test-stream/loop.ts'),
    import('../../origin/test-stream/test-stream.ts'),
    import('../../origin/test-stream/wall-clock.ts'),
  ]);
  const origin = parseOrigin(flags.origin, '--origin').origin;
  const pipeline = parseIdentifier(flags.pipeline, '--pipeline');
  const startMs = parseCount(flags.startMs, '--start-ms', 0, 1e14);
  const event = testStreamEvent({
    eventId: parseIdentifier(flags.event, '--event'),
    startMs,
    dvrWindowMs: DVR_WINDOW_MS,
  });
  const durationMs = flags.duration === undefined ? null : parseDuration(flags.duration, '--duration');
  const fault = flags.fault === undefined ? null : await parseFault(flags.fault);

  const log = createLog(`pipeline-${pipeline}`);
  const stream = startTestStream({ origin, pipeline, event, log });
  if (flags.json) print({ ready: true, urls: { origin }, pipeline, event });
  const done = new AbortController();
  const after = (waitMs: number) => systemClock.sleepUntil(Date.now() + waitMs, done.signal);
  if (flags.controlStdin) await obeyLines(stream);
  if (fault !== null) void after(fault.afterMs).then(() => !done.signal.aborted && stream.setFault(fault.kind));

  const ends: Promise<unknown>[] = [stopAsked(), stream.ended];
  if (durationMs !== null) ends.push(after(durationMs).then(() => 'elapsed'));
  const elapsed = (await Promise.race(ends)) === 'elapsed';
  done.abort();
  await stream.close();
  const refusal = await stream.ended;
  if (flags.json) print({ pipeline, event: event.id, refusal, ...stream.counts });
  else console.log(`pipeline ${pipeline}: ${describe(stream.counts)}`);
  if (refusal !== null) console.error(`undercard: ${origin} does not carry event ${event.id}: ${refusal}`);
  const nothingCame = stream.counts.published === 0 && stream.counts.withheld === 0;
  process.exit(refusal !== null || (elapsed && nothingCame) ? 1 : 0);
}

function describe({ published, refused, lost, withheld, overslept }: TestStreamCounts): string {
  const rest = Object.entries({ refused, lost, withheld, overslept }).filter(([, count]) => count > 0);
  return [`${published} segments published`, ...rest.map(([what, count]) => `${count} ${what}`)].join(', ');
}

async function parseFault(text: string): Promise<{ kind: FaultKind; afterMs: number }> {
  const { isFaultKind } = await import('../../origin/test-stream/fault.ts');
  const [kind, after] = text.split(/@(.*)/s);
  if (kind === undefined || !isFaultKind(kind)) {
    throw new BadInput(`--fault: "${text}" is not corrupt, missing or stall, with @ and a duration, as in corrupt@10s`);
  }
  return { kind, afterMs: after === undefined ? 0 : parseDuration(after, '--fault') };
}

async function obeyLines(stream: TestStream): Promise<void> {
  const { isFaultKind } = await import('../../origin/test-stream/fault.ts');
  createInterface({ input: process.stdin }).on('line', (line) => {
    const what = /^fault (\w+)$/.exec(line.trim())?.[1] ?? '';
    if (what === 'none' || isFaultKind(what)) stream.setFault(what === 'none' ? null : what);
    else console.error(`undercard: standard input: "${line.slice(0, 100)}" is not fault corrupt|missing|stall|none`);
  });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
