import { fileURLToPath } from 'node:url';
import type { Workplace } from '../parts/workplace.ts';
import { NODE } from './edge.ts';
import { fetchText } from './peer.ts';

const PROCESS = fileURLToPath(new URL('../processes/origin.ts', import.meta.url));
const READY_BOUND_MS = 5000;

/** The server that all peers fill from, in a process of its own. */
export interface Origin {
  url: URL;
  /** requests for objects so far; for one object when a path is given */
  requests(path?: string): Promise<number>;
  /** when it last gave the object's body, on the machine's monotonic clock */
  givenAtMs(path: string): Promise<number>;
}

export async function startOrigin(place: Workplace): Promise<Origin> {
  const child = place.serve('origin', place.cores.origin, NODE, [PROCESS]);
  const url = new URL(await place.firstLine(child, READY_BOUND_MS));
  return {
    url,
    givenAtMs: async (path) => Number(await fetchText(new URL(`/given?path=${encodeURIComponent(path)}`, url))),
    requests: async (path = '') => Number(await fetchText(new URL(`/requests?path=${encodeURIComponent(path)}`, url))),
  };
}
