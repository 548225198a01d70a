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
  const { eventId } = plan.options;
  // Answered by the service itself: nothing that is counted.
  const path = `/live/${eventId}/event.json`;
  const [link] = plan.backboneLinks();
  const straight = link?.to ?? new URL(plan.url(plan.edgeNames[0]!)).host;
  const nearMs = (await meanMs(`http://${straight}${path}`)) / 2;
  const farMs = link === undefined ? nearMs : ((await meanMs(`http://${link.listen}${path}`)) - link.rttMs) / 2;
  // Where relays stand for the servers' interfaces, one is between neighbours too.
  return plan.options.accessRelays ? { nearMs: farMs, farMs } : { nearMs, farMs };
}

/** Over a kept connection. */
async function meanMs(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await exchangeMs(url, agent);
  const times: number[] = [];
  for (let exchange = 0; exchange < EXCHANGES; exchange++) times.push(await exchangeMs(url, agent));
  agent.destroy();
  const kept = times.sort((a, b) => a - b).slice(0, Math.round(KEPT_SHARE * EXCHANGES));
  return kept.reduce((sum, ms) => sum + ms, 0) / kept.length;
}

function exchangeMs(url: string, agent: Agent): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'OPTIONS', agent, timeout: TIMEOUT_MS }, (response) => {
      response.on('data', () => {});
      response.on('end', () => resolve(performance.now() - startMs));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer`)));
    request.on('error', reject);
    request.end();
  });
}
