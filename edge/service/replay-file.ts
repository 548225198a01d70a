import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BadInput } from '../../runtime/bad-input.ts';
import { edgePolicySchema } from '../policy/edge-config.ts';
import { replay, type ReplayResult } from '../policy/recording.ts';

/** @throws BadInput when the file is no recording of a version this program can replay */
export function replayFile(path: string): ReplayResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BadInput(`${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  // A node that was killed leaves half a line at the end.
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  const header: unknown = parseLine(lines[0]!);
  const named = recordingSchema.safeParse(header);
  if (!named.success) throw new BadInput(`${path}:1: not a recording; make one with undercard edge --record`);
  if (named.data.version !== 1) {
    throw new BadInput(`${path}:1: version ${named.data.version} is not known; this program replays version 1`);
  }
  const checked = headerSchema.safeParse(header);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new BadInput(`${path}:1: not a whole header: ${issue!.path.join('.')}: ${issue!.message}`);
  }
  return replay(lines);
}

const recordingSchema = z.object({ recording: z.literal('undercard-edge-machine'), version: z.number() });

const headerSchema = z.object({
  policy: edgePolicySchema,
  layout: z.object({ self: z.string(), site: z.array(z.string()), upstreams: z.number().int().min(1) }),
});

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
