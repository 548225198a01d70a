import { BadInput } from '../../runtime/bad-input.ts';
import { parseDuration } from '../../runtime/units.ts';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';

export interface TuningFlags {
  config?: string;
  policy?: SteeringPolicyConfig['policy'];
  suspectAfter?: string;
  downAfter?: string;
}

/** As by default; a test holds them to it. */
export const NODE_TIMES = { suspectAfterMs: 3000, downAfterMs: 5000 };
const MOST_BYTES = 1024 * 1024;

/** How steering decides: the file, which is the `steering` section of a scenario, then flags, then defaults. @throws BadInput */
export async function steeringTuningOf(flags: TuningFlags): Promise<SteeringPolicyConfig> {
  const [{ steeringPolicySchema }, { readChecked }, { checkConfig }] = await Promise.all([
    import('../../steering/policy/steering-config.ts'),
    import('../../topology/load/checked-yaml.ts'),
    import('../../runtime/config-file.ts'),
  ]);
  const said: Record<string, unknown> = {};
  if (flags.config !== undefined) {
    // The file is checked by itself first, so that what is wrong in it is told with its line.
    const read = readChecked(flags.config, steeringPolicySchema, { mostBytes: MOST_BYTES, allowEmpty: true });
    if (read.kind === 'bad') throw new BadInput(`--config ${read.reason}`);
    Object.assign(said, read.plain);
  }
  if (flags.policy !== undefined) said.policy = flags.policy;
  if (flags.suspectAfter !== undefined) said.suspectAfterMs = parseDuration(flags.suspectAfter, '--suspect-after');
  if (flags.downAfter !== undefined) said.downAfterMs = parseDuration(flags.downAfter, '--down-after');
  refuseContradiction(flags, said);
  return checkConfig(said, 'flags', steeringPolicySchema);
}

/** By the names of the flags; the schema knows only those of fields. */
function refuseContradiction({ suspectAfter, downAfter }: TuningFlags, said: Record<string, unknown>): void {
  const suspectAfterMs = Number(said.suspectAfterMs ?? NODE_TIMES.suspectAfterMs);
  const downAfterMs = Number(said.downAfterMs ?? NODE_TIMES.downAfterMs);
  if ((suspectAfter === undefined && downAfter === undefined) || suspectAfterMs <= downAfterMs) return;
  const [suspect, down] = [`--suspect-after (${suspectAfterMs / 1000}s)`, `--down-after (${downAfterMs / 1000}s)`];
  throw new BadInput(`${suspect} must be at most ${down}: give both, or a shorter --suspect-after`);
}
