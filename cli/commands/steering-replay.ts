import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import type { MissingFlags } from '../steering-replay/change.ts';
import { steeringTuningOf } from './steering-tuning.ts';

interface Flags extends MissingFlags {
  config?: string;
  check?: boolean;
  lenient?: boolean;
  json?: boolean;
}

/** `undercard steering replay`: the decisions of a record, made again as they were or with something changed. */
export function registerReplay(steering: Command): void {
  steering
    .command('replay')
    .description('makes the decisions of a record again (--record): the same, or what moves when something is changed')
    .argument('<log...>', 'the record; of one that was rotated several files, in any order')
    .option('--without <site>', 'as if this site were not there; may be repeated', collect, [])
    .option('--without-server <id>', 'as if this server were not there; may be repeated', collect, [])
    .option('--config <file>', 'YAML: decide by this policy, as the steering section of a scenario')
    .option('--check', 'nothing changed: whether the very same decisions come out; names the line that differs')
    .option('--lenient', 'leave out lines that cannot be used, and count them')
    .option('--json', 'everything as JSON')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  undercard steering replay steering.log --without fra',
        '  undercard steering replay steering.log* --config tighter.yaml',
        '  undercard steering replay steering.log --check',
        '\ndocs/decision-record.md has the format, and what a replay can and cannot tell.',
      ].join('\n'),
    )
    .action(run);
}

async function run(paths: string[], flags: Flags): Promise<void> {
  const isChanged = flags.without.length + flags.withoutServer.length > 0 || flags.config !== undefined;
  if (flags.check && isChanged) {
    throw new BadInput('--check compares with what was recorded: leave out --without, --without-server and --config');
  }
  const [{ recordFiles }, { checkRecord, replayRecord }, { changeOf }, { checkText, whatIfText }, { ReplayProgress }] =
    await Promise.all([
      import('../../steering/service/record-file.ts'),
      import('../steering-replay/replay.ts'),
      import('../steering-replay/change.ts'),
      import('../steering-replay/print.ts'),
      import('../steering-replay/progress.ts'),
    ]);
  const steering = flags.config === undefined ? null : await steeringTuningOf({ config: flags.config });
  const progress = new ReplayProgress();
  const options = { files: await recordFiles(paths), lenient: flags.lenient ?? false, progress: progress.show };
  if (flags.check) {
    const result = await checkRecord(options);
    progress.end();
    console.log(flags.json ? JSON.stringify(result) : checkText(result));
    process.exitCode = result.same ? 0 : 1;
    return;
  }
  const { result, header, ...notes } = await replayRecord(options, (first) => changeOf(flags, steering, first));
  progress.end();
  const changes = changesText(flags);
  if (flags.json) console.log(JSON.stringify({ changes, software: header.software, ...result, ...notes }));
  else console.log(whatIfText(result, changes, notes));
}

function changesText({ without, withoutServer, config }: Flags): string {
  const changes = [
    ...without.map((site) => `without site ${site}`),
    ...withoutServer.map((server) => `without server ${server}`),
    ...(config === undefined ? [] : [`by the policy of ${config}`]),
  ];
  return changes.length === 0 ? 'with nothing changed' : changes.join(', ');
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
