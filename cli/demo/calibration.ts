import { Agent, request as httpRequest } from 'node:http';
import type { HopTimes } from '../../sim/actors/ways.ts';
import type { DemoPlan } from './plan.ts';

const EXCHANGES = 40;
const TIMEOUT_MS = 2000;
/** An exchange that met a timer of somebody else's says nothing about the machine. */
const KEPT_SHARE = 0.9;

/**
 * What this machine's processes themselves take for an exchange between two of them, one way, straight and through a
 * relay: measured between the running services before anybody watches. To the simulator it is what a rate of an interface
 * is: a number of the hardware, not of the event.
 */
export async function measureHops(plan: DemoPlan): Promise<HopTimes> {
  // Answered by the service itself, and not counted.
  const ask = { method: 'OPTIONS', path: `/live/${plan.options.eventId}/event.json` };
  const [link] = plan.backboneLinks();
  if (link === undefined) {
    const nearMs = (await meanExchange({ ...ask, host: new URL(plan.url(plan.edgeNames[0]!)).host })).ms / 2;
    return { nearMs, farMs: nearMs };
  }
  const nearMs = (await meanExchange({ ...ask, host: link.to })).ms / 2;
  const farMs = ((await meanExchange({ ...ask, host: link.listen })).ms - link.rttMs) / 2;
  return { nearMs, farMs: Math.max(nearMs, farMs) };
}

/**
 * The same where relays stand for every way, by fetching a segment from an edge as viewers do.
 * @param path of a segment that is of no interest to the run
 */
export async function measureRelayedHops(plan: DemoPlan, path: string): Promise<HopTimes> {
  const link = plan.accessLinks()[0]!;
  const { ms, sizeBytes } = await meanExchange({ method: 'GET', path, host: link.listen });
  const hopMs = (ms - link.rttMs - (sizeBytes * 8000) / link.rateBps) / 2;
  return { nearMs: hopMs, farMs: hopMs };
}

interface Exchange {
  method: string;
  /** and port */
  host: string;
  path: string;
}

/** Over a kept connection. */
async function meanExchange(exchange: Exchange): Promise<{ ms: number; sizeBytes: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { sizeBytes } = await exchangeOnce(exchange, agent);
  const times: number[] = [];
  for (let index = 0; index < EXCHANGES; index++) times.push((await exchangeOnce(exchange, agent)).ms);
  agent.destroy();
  const kept = times.sort((a, b) => a - b).slice(0, Math.round(KEPT_SHARE * EXCHANGES));
  return { ms: kept.reduce((sum, ms) => sum + ms, 0) / kept.length, sizeBytes };
}

function exchangeOnce({ method, host, path }: Exchange, agent: Agent): Promise<{ ms: number; sizeBytes: number }> {
  const url = `http://${host}${path}`;
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, agent, timeout: TIMEOUT_MS }, (response) => {
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => (sizeBytes += chunk.byteLength));
      response.on('end', () => resolve({ ms: performance.now() - startMs, sizeBytes }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer`)));
    request.on('error', reject);
    request.end();
  });
}
