import type { EdgePolicyConfig } from './edge-config.ts';
import { EdgeMachine } from './machine.ts';
import type { EdgeSink } from './sink.ts';
import type { SourceLayout } from './sources.ts';

/** The events of a machine's life: what a recording consists of. */
const EVENTS = [
  'define',
  'request',
  'rekey',
  'requestGone',
  'invalidate',
  'fillHead',
  'fillNotModified',
  'fillBytes',
  'fillPaused',
  'fillResumed',
  'fillEnd',
  'fillFailed',
  'learned',
  'unknown',
  'wake',
] as const satisfies readonly (keyof EdgeMachine)[];

const ORDERS = [
  'serve',
  'fill',
  'stream',
  'refuse',
  'cut',
  'abort',
  'store',
  'passOn',
  'restart',
  'refresh',
  'drop',
  'release',
  'learn',
] as const satisfies readonly (keyof EdgeSink)[];

type Method = (...args: unknown[]) => unknown;

/** The first line of a recording. */
export interface RecordingHeader {
  recording: 'undercard-edge-machine';
  version: 1;
  policy: EdgePolicyConfig;
  layout: SourceLayout;
}

export function recordingHeader(policy: EdgePolicyConfig, layout: SourceLayout): RecordingHeader {
  return { recording: 'undercard-edge-machine', version: 1, policy, layout };
}

/**
 * A machine that writes down each event with its time, everything it then told the shell, and when it wants to be woken:
 * one JSON array a line, `[event, arguments, orders, nextWake]`.
 */
export function recordedMachine(
  policy: EdgePolicyConfig,
  layout: SourceLayout,
  sink: EdgeSink,
  write: (line: string) => void,
): EdgeMachine {
  let orders: unknown[] = [];
  const listening = Object.fromEntries(
    ORDERS.map((name) => [
      name,
      (...args: unknown[]) => {
        orders.push([name, ...args]);
        (sink[name] as Method).apply(sink, args);
      },
    ]),
  ) as unknown as EdgeSink;
  const machine = new EdgeMachine(policy, layout, listening);
  for (const name of EVENTS) {
    const original = (machine[name] as Method).bind(machine);
    (machine as unknown as Record<string, Method>)[name] = (...args) => {
      orders = [];
      original(...args);
      write(JSON.stringify([name, args, orders, wakeTime(machine)]));
    };
  }
  return machine;
}

export type ReplayResult =
  { same: true; events: number } | { same: false; line: number; recorded: string; replayed: string };

/** Feeds the events to a fresh machine and compares what it says, line by line and byte by byte. */
export function replay(lines: readonly string[]): ReplayResult {
  const { policy, layout } = JSON.parse(lines[0]!) as RecordingHeader;
  let replayed = '';
  const silent = Object.fromEntries(ORDERS.map((name) => [name, () => {}])) as unknown as EdgeSink;
  const machine = recordedMachine(policy, layout, silent, (line) => {
    replayed = line;
  });
  for (let at = 1; at < lines.length; at++) {
    const recorded = lines[at]!;
    replayed = '';
    try {
      const [name, args] = JSON.parse(recorded) as [(typeof EVENTS)[number], unknown[]];
      if (EVENTS.includes(name)) (machine[name] as Method)(...args);
      else replayed = `no event is called ${name}`;
    } catch (error) {
      // A line that was tampered with need not be JSON, or make sense to the machine.
      replayed = String(error);
    }
    if (replayed !== recorded) return { same: false, line: at + 1, recorded, replayed };
  }
  return { same: true, events: lines.length - 1 };
}

/** JSON has no Infinity. */
function wakeTime(machine: EdgeMachine): number | null {
  const nextMs = machine.nextWake();
  return nextMs === Infinity ? null : nextMs;
}
