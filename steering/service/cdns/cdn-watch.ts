import type { Log } from '../../../runtime/log.ts';
import { SeldomLog } from '../../../runtime/seldom-log.ts';
import type { Cdns } from '../../../topology/model/cdns.ts';
import type { CdnMonth } from '../../policy/cdns/cdn-month.ts';
import { nextPricePerGB } from '../../policy/cdns/cdn-price.ts';
import type { CdnRanking, CdnStates } from '../../policy/cdns/cdn-ranking.ts';
import type { CdnTraffic } from '../../policy/cdns/cdn-traffic.ts';
import type { HealthVerdict, Standing } from '../../policy/health/health.ts';
import { writeLedger } from './cdn-ledger.ts';

export interface CdnState extends HealthVerdict {
  id: string;
  baseUrl: string;
  /** why the last probe failed; null when it was well */
  probeFailure: string | null;
  /** sent there, by estimate */
  bps: number;
  maxBps: number | null;
  monthBytes: number;
  percentile95Bps: number;
  commitmentTB: number | null;
  commitmentMbps: number | null;
  /** what the commitment asks for now */
  commitmentBps: number | null;
  /** of the next GB, without a region; null where the file has no price */
  pricePerGB: number | null;
}

export interface CdnWatchOptions {
  cdns: Cdns;
  states: CdnStates;
  traffic: CdnTraffic;
  month: CdnMonth;
  ranking: CdnRanking;
  /** why a CDN's last probe failed, by number */
  failureOf: (cdn: number) => string | null;
  /** where the month's account is kept over a restart */
  ledgerFile: string | undefined;
  log: Log;
  nowMs: () => number;
  wallMs: () => number;
}

const LOOK_EVERY_MS = 1000;
const REBALANCE_EVERY_MS = 5000;
const SAVE_EVERY_MS = 60_000;

/** Does with time what the policies of other people's CDNs need done, keeps the account, and tells people. */
export class CdnWatch {
  readonly #options: CdnWatchOptions;
  readonly #log: SeldomLog;
  readonly #standings = new Map<string, Standing>();
  readonly #timers: NodeJS.Timeout[];

  constructor(options: CdnWatchOptions) {
    this.#options = options;
    this.#log = new SeldomLog(options.log, options.nowMs);
    this.#rebalance();
    const every = (ms: number, look: () => void) => setInterval(look, ms).unref();
    this.#timers = [every(LOOK_EVERY_MS, () => this.#look()), every(REBALANCE_EVERY_MS, () => this.#rebalance())];
    if (options.ledgerFile !== undefined) this.#timers.push(every(SAVE_EVERY_MS, () => this.#save()));
  }

  states(): CdnState[] {
    const { cdns, states, traffic, month, ranking, failureOf, nowMs, wallMs } = this.#options;
    return cdns.cdns.map((cdn, at) => {
      const { id, baseUrl, maxBps = null, commitmentTB = null, commitmentMbps = null, weight } = cdn;
      const offer = { cdn: at, weight, pricePerGB: cdn.pricePerGB ?? null, region: null };
      const price = nextPricePerGB(offer, cdn, month.bytes(at));
      const isCommitted = commitmentTB !== null || commitmentMbps !== null;
      return {
        id,
        baseUrl,
        ...states.verdictAt(at, nowMs()),
        probeFailure: failureOf(at),
        bps: traffic.cdnBps(at),
        maxBps,
        monthBytes: month.bytes(at),
        percentile95Bps: month.percentile95Bps(at, wallMs()),
        commitmentTB,
        commitmentMbps,
        commitmentBps: isCommitted ? ranking.balance.neededBps(at, month.bytes(at), wallMs()) : null,
        pricePerGB: Number.isFinite(price) ? price : null,
      };
    });
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#rebalance();
    this.#save();
  }

  #look(): void {
    const { cdns, states, failureOf, log, nowMs } = this.#options;
    cdns.cdns.forEach(({ id }, at) => {
      const { standing } = states.verdictAt(at, nowMs());
      const before = this.#standings.get(id) ?? 'unheard';
      const failure = failureOf(at);
      const why = standing === 'down' && failure !== null ? { failure } : {};
      if (before !== standing) log.info({ cdn: id, before, standing, ...why }, 'CDN changed');
      this.#standings.set(id, standing);
    });
  }

  #rebalance(): void {
    const { traffic, month, ranking, nowMs, wallMs } = this.#options;
    month.add(traffic.takeBytes(nowMs()), wallMs());
    ranking.rebalance(nowMs(), wallMs());
  }

  #save(): void {
    const { ledgerFile, month, wallMs } = this.#options;
    if (ledgerFile === undefined) return;
    try {
      writeLedger(ledgerFile, month.record(), wallMs());
    } catch (error) {
      // Playback goes on; what is lost is the month's account, and only at a restart.
      this.#log.warn({ file: ledgerFile, err: error }, 'the ledger cannot be written');
    }
  }
}
