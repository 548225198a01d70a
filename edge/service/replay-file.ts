import { readFileSync } from 'node:fs';
import { BadInput } from '../../runtime/bad-input.ts';
import { replay, type RecordingHeader, type ReplayResult } from '../policy/recording.ts';

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
  const header = headerOf(lines[0]!);
  if (header?.recording !== 'undercard-edge-machine')
    throw new BadInput(`${path}:1: not a recording; make one with undercard edge --record`);
  if (header.version !== 1)
    throw new BadInput(`${path}:1: version ${String(header.version)} is not known; this program replays version 1`);
  return replay(lines);
}

function headerOf(line: string): RecordingHeader | null {
  try {
    return JSON.parse(line) as RecordingHeader;
  } catch {
    return null;
  }
}
