import { closeSync, openSync, writeSync } from 'node:fs';
import { BadInput } from '../../runtime/bad-input.ts';
import type { Log } from '../../runtime/log.ts';
import type { EdgePolicyConfig } from '../policy/edge-config.ts';
import type { EdgeMachine } from '../policy/machine.ts';
import { recordedMachine, recordingHeader } from '../policy/recording.ts';
import type { EdgeSink } from '../policy/sink.ts';
import type { SourceLayout } from '../policy/sources.ts';

const FLUSH_BYTES = 64 * 1024;
/** What a kill takes at the most. */
const FLUSH_MS = 1000;

export interface Recorder {
  makeMachine: (sink: EdgeSink) => EdgeMachine;
  close(): void;
}

/** Writes each decision of the machine to a file, whole lines at a time. */
export function openRecorder(path: string, policy: EdgePolicyConfig, layout: SourceLayout, log: Log): Recorder {
  const file = new RecordingFile(path, log);
  file.add(JSON.stringify(recordingHeader(policy, layout)));
  return {
    makeMachine: (sink) => recordedMachine(policy, layout, sink, (line) => file.add(line)),
    close: () => file.close(),
  };
}

/** A disk that is full or gone ends the recording, and nothing else. */
class RecordingFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #file: number | null;
  #lines: string[] = [];
  #bytes = 0;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    try {
      this.#file = openSync(path, 'w');
    } catch (cause) {
      throw new BadInput(`--record: "${path}" cannot be written (${(cause as NodeJS.ErrnoException).code})`, { cause });
    }
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  add(line: string): void {
    if (this.#file === null) return;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes > FLUSH_BYTES) this.#flush();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
    this.#end();
  }

  #flush(): void {
    if (this.#file === null || this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#bytes = 0;
    try {
      writeSync(this.#file, text);
    } catch (error) {
      this.#log.error({ path: this.#path, error: (error as Error).message }, 'recording ends: it cannot be written');
      this.#end();
    }
  }

  #end(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    clearInterval(this.#timer);
  }
}
