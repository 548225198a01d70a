// The herd: opens its connections first, then asks on all of them at once. Orders come and results go over IPC; one
// process serves a whole run, so that its code is warm.
import { connect, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { AnswerReader } from '../parts/answer-reader.ts';
import { browserRequest } from '../parts/browser-request.ts';
import { median, monotonicMs } from '../parts/statistics.ts';
import { bodyOf, pathOf, type TestObject } from '../parts/test-object.ts';

export interface HerdOrder {
  host: string;
  port: number;
  object: TestObject;
  connections: number;
  /** an answer that is not whole by then counts as wrong, in milliseconds from the send */
  boundMs: number;
}

/** Times are from the moment before the first request was written to an answer's last byte. */
export interface HerdResult {
  medianMs: number;
  maxMs: number;
  /** of the last answer, on the machine's monotonic clock */
  lastAtMs: number;
  /** how long it took to write all requests */
  sendMs: number;
  /** processor time of this client from the first write to the last answer */
  clientCpuMs: number;
  /** answers that were not 200 with the right body, and what was wrong with the first of them */
  wrong: number;
  firstDefect: string | null;
}

/** Connections opened at one time: more would overflow the queues of servers that listen with a short one. */
const OPENING_MAX = 100;
/** The server has taken every connection from its queue by then. */
const SETTLE_MS = 300;

/** All sockets read into the same memory, one after the other: no allocation while the clock runs. */
const readBuffer = Buffer.alloc(256 * 1024);

class Member {
  readonly socket: Socket;
  readonly reader: AnswerReader;
  readonly opened: Promise<void>;
  doneMs = Number.NaN;

  constructor({ host, port }: HerdOrder, expected: Uint8Array, onDone: () => void) {
    this.reader = new AnswerReader(expected);
    const read = (size: number) => {
      if (Number.isNaN(this.doneMs) && this.reader.push(readBuffer.subarray(0, size)) !== 'more') {
        this.doneMs = performance.now();
        onDone();
      }
      return true;
    };
    this.socket = connect({ host, port, noDelay: true, onread: { buffer: readBuffer, callback: read } });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('error', reject);
    });
    this.socket.on('close', () => {
      if (!Number.isNaN(this.doneMs)) return;
      this.doneMs = performance.now();
      this.reader.close();
      onDone();
    });
  }
}

async function runHerd(order: HerdOrder): Promise<HerdResult> {
  const request = browserRequest(`${order.host}:${order.port}`, pathOf(order.object));
  const expected = bodyOf(order.object);
  let missing = order.connections;
  let allDone = () => {};
  const done = new Promise<void>((resolve) => (allDone = resolve));
  const members: Member[] = [];
  while (members.length < order.connections) {
    const size = Math.min(OPENING_MAX, order.connections - members.length);
    const batch = Array.from({ length: size }, () => new Member(order, expected, () => --missing === 0 && allDone()));
    members.push(...batch);
    await Promise.all(batch.map(({ opened }) => opened));
  }
  await after(SETTLE_MS);

  const cpuBefore = process.cpuUsage();
  const startAtMs = monotonicMs();
  const startMs = performance.now();
  for (const { socket } of members) socket.write(request);
  const sendMs = performance.now() - startMs;
  const bound = new AbortController();
  await Promise.race([done, after(order.boundMs, undefined, { signal: bound.signal }).catch(() => {})]);
  bound.abort();
  const { user, system } = process.cpuUsage(cpuBefore);

  const defects = members.map(({ reader }) => reader.close()).filter((defect) => defect !== null);
  const timesMs = members.map(({ doneMs }) => doneMs - startMs).filter((ms) => !Number.isNaN(ms));
  for (const { socket } of members) socket.destroy();
  return {
    medianMs: median(timesMs),
    maxMs: Math.max(...timesMs),
    lastAtMs: startAtMs + Math.max(...timesMs),
    sendMs,
    clientCpuMs: (user + system) / 1000,
    wrong: defects.length,
    firstDefect: defects[0] ?? null,
  };
}

process.on('message', (order: HerdOrder) => {
  runHerd(order).then(
    (result) => process.send!(result),
    (error: Error) => process.send!({ failed: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
