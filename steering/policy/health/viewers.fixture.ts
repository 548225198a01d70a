import { stableHash } from '../../../topology/model/stable-hash.ts';
import type { PlayerSign } from './player-evidence.ts';

export interface Viewers {
  network: string;
  /** addresses that are heard at each server */
  clients: number;
  servers: readonly number[];
}

/** One sign of a client each second; chance comes from the hash of who, where and when. */
export function tell(
  seconds: number,
  fromMs: number,
  viewers: readonly Viewers[],
  failingShare: (network: string, server: number, client: number, second: number) => number,
  told: (server: number, network: string, client: number, sign: PlayerSign, nowMs: number) => void,
  settle: (nowMs: number) => void,
): number {
  let nowMs = fromMs;
  for (let second = 0; second < seconds; second++) {
    for (const { network, clients, servers } of viewers) {
      for (const server of servers) {
        for (let client = 0; client < clients; client++) {
          const who = `${network} ${server} ${client}`;
          const chance = stableHash(who, nowMs) / 2 ** 32;
          const sign = chance < failingShare(network, server, client, second) ? 'failed' : 'well';
          told(server, network, stableHash(who), sign, nowMs + client);
        }
      }
    }
    nowMs += 1000;
    settle(nowMs);
  }
  return nowMs;
}
