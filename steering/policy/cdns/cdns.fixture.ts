import { cdnsSchema, type Cdns } from '../../../topology/model/cdns.ts';
import type { z } from 'zod';
import { CdnHealth } from './cdn-health.ts';
import { CdnMonth } from './cdn-month.ts';
import { CdnRanking, type CdnRequest } from './cdn-ranking.ts';
import { CdnTraffic } from './cdn-traffic.ts';

type CdnInput = Omit<z.input<typeof cdnsSchema>['cdns'][number], 'baseUrl'> & { baseUrl?: string };

/** Each CDN at a host of its own name, where no other is given. */
export function cdnsOf(cdns: readonly CdnInput[], more: Partial<z.input<typeof cdnsSchema>> = {}): Cdns {
  return cdnsSchema.parse({ cdns: cdns.map((cdn) => ({ baseUrl: `https://${cdn.id}.example`, ...cdn })), ...more });
}

/** The 1st of November 2026. */
export const MONTH_BEGINS_MS = Date.UTC(2026, 10, 1);

/** CDNs, what is known of them, and their ranking; time is the test's own. */
export class CdnWorld {
  readonly cdns: Cdns;
  readonly health: CdnHealth[];
  readonly traffic: CdnTraffic;
  readonly month: CdnMonth;
  readonly ranking: CdnRanking;
  nowMs = 0;
  wallMs: number;

  constructor(cdns: Cdns, wallMs = MONTH_BEGINS_MS) {
    this.cdns = cdns;
    this.wallMs = wallMs;
    this.health = cdns.cdns.map(() => new CdnHealth(cdns.probes));
    const keepMs = { short: 60_000, long: cdns.balance.redirectedSeconds * 1000 };
    this.traffic = new CdnTraffic(cdns.cdns.length, keepMs, cdns.balance.instances, 0);
    this.month = new CdnMonth(
      cdns.cdns.map(({ id }) => id),
      wallMs,
    );
    this.ranking = new CdnRanking(cdns, {
      states: { verdictAt: (cdn, nowMs) => this.health[cdn]!.verdict(nowMs) },
      traffic: this.traffic,
      monthBytes: (cdn) => this.month.bytes(cdn),
    });
    this.tick(0);
  }

  /** As the service does every few seconds. */
  tick(ms: number): void {
    this.nowMs += ms;
    this.wallMs += ms;
    this.month.add(this.traffic.takeBytes(this.nowMs), this.wallMs);
    this.ranking.rebalance(this.nowMs, this.wallMs);
  }

  probe(id: string, isWell: boolean, times = 1): void {
    const cdn = this.cdns.cdns.findIndex((one) => one.id === id);
    for (let time = 0; time < times; time++) this.health[cdn]!.probed(isWell, this.nowMs);
  }

  rank(client: string, request: Partial<CdnRequest> = {}) {
    return this.ranking.rank({ client, path: '/live/demo/', country: 'DE', ...request }, this.nowMs);
  }

  first(client: string, request: Partial<CdnRequest> = {}): string {
    return this.rank(client, request).servers[0]!.id;
  }

  /** Where each of the clients goes, without counting them. */
  firsts(clients: readonly string[], request: Partial<CdnRequest> = {}): string[] {
    return clients.map(
      (client) =>
        this.ranking.explain({ client, path: '/live/demo/', country: 'DE', ...request }, this.nowMs).servers[0]!.id,
    );
  }
}

export function clients(count: number, prefix = 'client'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

export function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
