import { CdnHealth } from '../../steering/policy/cdns/cdn-health.ts';
import { CdnMonth } from '../../steering/policy/cdns/cdn-month.ts';
import { TB_BYTES } from '../../steering/policy/cdns/cdn-price.ts';
import { CdnRanking } from '../../steering/policy/cdns/cdn-ranking.ts';
import { CdnTraffic } from '../../steering/policy/cdns/cdn-traffic.ts';
import { monthAt } from '../../steering/policy/cdns/month.ts';
import type { RankedServer } from '../../steering/policy/ranked-servers.ts';
import type { Ranking, RankingRequest } from '../../steering/policy/ranking.ts';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';
import type { Cdns } from '../../topology/model/cdns.ts';
import { SteeringDesk, type SteeringParts } from '../actors/steering-desk.ts';
import { Random } from '../engine/random.ts';
import type { CdnRehearsal } from './cdn-world.ts';

/** As steering/service/cdns has them. */
const KEEP_MS = 60_000;
const REBALANCE_EVERY_MS = 5000;

/**
 * A thin driver round the policy for other people's CDNs: it chooses the CDN, and inside each CDN that CDN's own steering
 * chooses the server, which is taken to be like ours.
 */
export class CdnSteeringDesk extends SteeringDesk {
  readonly month: CdnMonth;
  /** bytes of the month, by CDN, when the run begins */
  readonly monthBefore: readonly number[];
  /** by CDN: how often it was named first */
  readonly firsts: number[];
  /** by CDN: bytes, as steering estimated them */
  readonly estimatedBytes: Float64Array;
  readonly #parts: SteeringParts;
  readonly #rehearsal: CdnRehearsal;
  readonly #serversOf: readonly ReadonlySet<string>[];
  readonly #cdnOfServer = new Map<string, number>();
  readonly #numbers: ReadonlyMap<string, number>;
  #health!: CdnHealth[];
  #traffic!: CdnTraffic;
  #ranking!: CdnRanking;

  constructor(config: SteeringPolicyConfig, parts: SteeringParts, rehearsal: CdnRehearsal) {
    super(config, parts);
    const { engine, sites, seed } = parts;
    const { cdns } = rehearsal.cdns;
    this.#parts = parts;
    this.#rehearsal = rehearsal;
    this.#numbers = new Map(cdns.map(({ id }, cdn) => [id, cdn]));
    for (const { id: site, edges } of sites) {
      for (const { id } of edges) this.#cdnOfServer.set(id, rehearsal.cdnOfSite.get(site)!);
    }
    this.#serversOf = cdns.map(
      (_, cdn) => new Set([...this.#cdnOfServer].filter(([, its]) => its === cdn).map(([id]) => id)),
    );
    this.firsts = cdns.map(() => 0);
    this.estimatedBytes = new Float64Array(cdns.length);
    this.month = new CdnMonth(
      cdns.map(({ id }) => id),
      engine.wallMs,
    );
    this.monthBefore = monthBefore(rehearsal.cdns, engine.wallMs);
    this.monthBefore.forEach((bytes, cdn) => this.month.correct(cdn, bytes));
    this.#begin();
    this.#every(REBALANCE_EVERY_MS, 0, () => this.#rebalance());
    const random = new Random(seed, 'cdn probes');
    cdns.forEach((_, cdn) => this.#startProbes(cdn, random));
  }

  /** The service begins anew: what it knew of health and sessions is gone, the month's account is on disk. */
  override setDown(down: boolean): void {
    if (this.down && !down) this.#begin();
    super.setDown(down);
  }

  override rank(request: RankingRequest): Ranking {
    const { engine } = this.#parts;
    const { clients, cdns } = this.#rehearsal;
    const { network, metro } = request.subscriber!;
    const place = clients.get(`${network}/${metro}`)!;
    const playing =
      request.playing === undefined || request.playing === null ? -1 : this.#cdnOfServer.get(request.playing)!;
    const { client, path } = request;
    const outer = this.#ranking.rank({ ...place, client, path, playing: cdns.cdns[playing]?.id ?? null }, engine.nowMs);
    const servers: RankedServer[] = [];
    for (const { id, reasons } of outer.servers) {
      const cdn = this.#numbers.get(id)!;
      const among = this.#serversOf[cdn]!;
      // Whom the player goes to counts there; of the others it only gets the name.
      const inner = servers.length === 0 ? super.rank({ ...request, among }) : this.peek({ ...request, among });
      const [first] = inner.servers;
      servers.push({ ...first!, rank: servers.length, reasons: [...reasons, ...first!.reasons] });
    }
    this.firsts[this.#numbers.get(outer.servers[0]!.id)!]!++;
    return { ...outer, servers };
  }

  #begin(): void {
    const { engine } = this.#parts;
    const { cdns } = this.#rehearsal;
    const keepMs = { short: KEEP_MS, long: cdns.balance.redirectedSeconds * 1000 };
    this.#health = cdns.cdns.map(() => new CdnHealth(cdns.probes));
    this.#traffic = new CdnTraffic(cdns.cdns.length, keepMs, cdns.balance.instances, engine.nowMs);
    this.#ranking = new CdnRanking(cdns, {
      states: { verdictAt: (cdn, nowMs) => this.#health[cdn]!.verdict(nowMs) },
      traffic: this.#traffic,
      monthBytes: (cdn) => this.month.bytes(cdn),
    });
    this.#ranking.rebalance(engine.nowMs, engine.wallMs);
  }

  #rebalance(): void {
    const { engine } = this.#parts;
    const bytes = this.#traffic.takeBytes(engine.nowMs);
    bytes.forEach((count, cdn) => (this.estimatedBytes[cdn]! += count));
    this.month.add(bytes, engine.wallMs);
    this.#ranking.rebalance(engine.nowMs, engine.wallMs);
  }

  /** What the end of the run leaves uncounted. */
  close(): void {
    this.#rebalance();
  }

  /** A probe goes where the CDN leads it: it fails only when no site of the CDN is up. */
  #startProbes(cdn: number, random: Random): void {
    const { edges } = this.#parts;
    const { probes } = this.#rehearsal.cdns;
    const nodes = edges.filter(({ node }) => this.#serversOf[cdn]!.has(node.id)).map(({ node }) => node);
    const { timers } = this.#parts.engine;
    const kind = timers.kind((_, timer, nowMs) => {
      const health = this.#health[cdn]!;
      if (!this.down)
        health.probed(
          nodes.some(({ standing }) => standing === 'up'),
          nowMs,
        );
      timers.set(timer, nowMs + 1000 * (health.isInDoubt ? probes.againSeconds : probes.everySeconds));
    });
    // CDNs were up before the event; each is probed at its own moment.
    this.#health[cdn]!.probed(true, this.#parts.engine.nowMs);
    timers.set(timers.make(kind, cdn), this.#parts.engine.nowMs + 1000 * probes.everySeconds * random.uniform());
  }

  #every(ms: number, firstMs: number, call: () => void): void {
    const { timers, nowMs } = this.#parts.engine;
    const kind = timers.kind((_, timer, atMs) => {
      call();
      timers.set(timer, atMs + ms);
    });
    timers.set(timers.make(kind, 0), nowMs + firstMs + ms);
  }
}

/** What the file says was delivered; without that, commitments are on time when the run begins. */
function monthBefore({ cdns }: Cdns, wallMs: number): number[] {
  const { elapsedMs, lengthMs } = monthAt(wallMs);
  return cdns.map(({ delivered, commitmentTB = 0 }) =>
    delivered === undefined ? (commitmentTB * TB_BYTES * elapsedMs) / lengthMs : delivered.TB * TB_BYTES,
  );
}
