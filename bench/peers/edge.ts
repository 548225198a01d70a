import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BenchFailure } from '../parts/bench-failure.ts';
import type { Workplace } from '../parts/workplace.ts';
import type { Origin } from './origin.ts';
import { fetchText, untilListening, type CountingPeer } from './peer.ts';

/** The Node that ships with the checkout, whatever runs the bench. */
export const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
export const COMMAND = fileURLToPath(new URL('../../cli/undercard.mjs', import.meta.url));

const READY_BOUND_MS = 8000;

/** The shipped edge as an operator starts it: flags for addresses only, metrics on. */
export async function startEdge(place: Workplace, origin: Origin): Promise<CountingPeer> {
  const addresses = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--upstream', origin.url.origin];
  const child = place.serve('edge', place.cores.server, NODE, [COMMAND, 'edge', ...addresses, '--json']);
  const { urls } = JSON.parse(await place.firstLine(child, READY_BOUND_MS)) as {
    urls: { listen: string; admin: string };
  };
  const { stdout } = await promisify(execFile)(NODE, [COMMAND, '--version']);
  const peer: CountingPeer = {
    name: 'edge',
    version: `undercard/${stdout.trim()}`,
    url: new URL(urls.listen),
    child,
    isHit: (head) => /^Cache-Status: [^\r,;]+;hit(?:;|\r)/im.test(head),
    async servedCount() {
      const { hits } = JSON.parse(await fetchText(new URL('/state', urls.admin))) as { hits: number };
      return hits;
    },
  };
  await untilListening(peer);
  const metrics = await fetchText(new URL('/metrics', urls.admin));
  if (!metrics.includes('undercard_edge_hits_total')) throw new BenchFailure('the edge shows no metrics at /metrics');
  return peer;
}
