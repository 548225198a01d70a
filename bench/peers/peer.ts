import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { BenchFailure } from '../parts/bench-failure.ts';
import type { Child } from '../parts/workplace.ts';

/** A caching proxy in front of the bench's origin, started for this run and pinned to the server's core. */
export interface Peer {
  name: string;
  /** as it tells it itself */
  version: string;
  /** scheme, host and port */
  url: URL;
  child: Child;
}

/** One whose hits can be counted from outside. */
export interface CountingPeer extends Peer {
  /** whether an answer's head says that it came from storage */
  isHit(head: string): boolean;
  /** answers from storage so far, by its own count (nginx: all requests; its own log would cost it time) */
  servedCount(): Promise<number>;
}

/** A port that was free a moment ago: for servers that cannot choose one and tell. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const READY_BOUND_MS = 8000;

/** Waits until the peer takes connections. @throws BenchFailure when that takes too long */
export async function untilListening({ name, url }: Peer): Promise<void> {
  const bound = AbortSignal.timeout(READY_BOUND_MS);
  while (!(await takesConnection(url))) {
    if (bound.aborted) throw new BenchFailure(`${name} takes no connection on ${url.host} in ${READY_BOUND_MS} ms`);
    await after(50);
  }
}

function takesConnection(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** GET on loopback, bounded. @throws BenchFailure unless the answer is 200 */
export async function fetchText(url: URL | string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new BenchFailure(`${String(url)} answered ${response.status}`);
  return response.text();
}
