import { closeSync, openSync, writeSync } from 'node:fs';
import { BadInput } from '../../runtime/bad-input.ts';
import type { EdgePolicyConfig } from '../policy/edge-config.ts';
import type { EdgeMachine } from '../policy/machine.ts';
import { recordedMachine, recordingHeader } from '../policy/recording.ts';
import type { EdgeSink } from '../policy/sink.ts';
import type { SourceLayout } from '../policy/sources.ts';

const FLUSH_BYTES = 64 * 1024;

export interface Recorder {
  makeMachine: (sink: EdgeSink) => EdgeMachine;
  close(): void;
}

/** Writes each decision of the machine to a file. Buffered: what a kill takes is the tail, and whole lines remain. */
export function openRecorder(path: string, policy: EdgePolicyConfig, layout: SourceLayout): Recorder {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (cause) {
    throw new BadInput(`--record: "${path}" cannot be written (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  let buffered = `${JSON.stringify(recordingHeader(policy, layout))}\n`;
  const flush = () => {
    writeSync(file, buffered);
    buffered = '';
  };
  return {
    makeMachine: (sink) =>
      recordedMachine(policy, layout, sink, (line) => {
        buffered += `${line}\n`;
        if (buffered.length > FLUSH_BYTES) flush();
      }),
    close() {
      flush();
      closeSync(file);
    },
  };
}
