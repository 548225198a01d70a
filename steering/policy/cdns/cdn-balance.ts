import type { Cdns } from '../../../topology/model/cdns.ts';
import type { CdnOffer, ClientClass } from './cdn-footprints.ts';
import { TB_BYTES } from './cdn-price.ts';
import { monthAt } from './month.ts';

/** What decides for a session of a class: shares that add up to one. */
export interface Deciders {
  /** weights alone */
  weight: number;
  /** by CDN: its commitment, which is not used up as fast as the month goes by */
  commitment: Float64Array;
  /** the price */
  price: number;
}

export interface BalanceInputs {
  classes: readonly ClientClass[];
  /** bits per second that clients of a class receive now */
  classBps(clientClass: number): number;
  /** delivered this month */
  monthBytes(cdn: number): number;
  /** it can take sessions */
  serves(cdn: number): boolean;
}

/** What is behind is made up for within this, so that a night's lull is not chased through the next minute. */
const CATCH_UP_MOST_MS = 24 * 3_600_000;
const CATCH_UP_LEAST_MS = 600_000;
/** Commitments are to be used up so long before the month ends: its last days may be slow ones. */
const SPARE_MS = 24 * 3_600_000;
/** Shares follow what should be with this time constant: sessions move for a lasting change, not for noise. */
const SMOOTH_MS = 60_000;
/** A class of clients without any is treated as if it had so much, to know where its first sessions go. */
const IDLE_BPS = 1;
const ROUNDS = 12;

/**
 * How sessions are shared among CDNs. `byWeight` of them go by the CDNs' weights alone. The others go first to CDNs whose
 * commitment is not used up as fast as the month (but its last day) goes by, as many as it takes to be on time, what is
 * behind spread over the next day; if there are not that many, to each in proportion. All that are left go to the cheapest.
 * A commitment of a 95th percentile is on time when the present rate is at it.
 */
export class CdnBalance {
  readonly #cdns: Cdns['cdns'];
  readonly #byWeight: number;
  readonly #decides: boolean;
  readonly #deciders = new Map<number, Deciders>();
  /** by CDN: bits per second that its commitment still lacks */
  readonly #lacking: Float64Array;
  #updatedMs: number | null = null;

  constructor({ cdns, balance }: Pick<Cdns, 'cdns' | 'balance'>) {
    this.#cdns = cdns;
    this.#byWeight = balance.byWeight;
    this.#lacking = new Float64Array(cdns.length);
    // Without a price or a commitment there is nothing but weights.
    this.#decides = cdns.some(
      ({ pricePerGB, pricePerMbpsMonth, commitmentTB, commitmentMbps, regions }) =>
        pricePerGB !== undefined ||
        pricePerMbpsMonth !== undefined ||
        commitmentTB !== undefined ||
        commitmentMbps !== undefined ||
        regions.some((region) => region.pricePerGB !== undefined),
    );
  }

  decidersOf(clientClass: ClientClass): Deciders {
    let deciders = this.#deciders.get(clientClass.number);
    if (deciders === undefined) {
      deciders = this.#first(clientClass);
      this.#deciders.set(clientClass.number, deciders);
    }
    return deciders;
  }

  /** @param nowMs monotonic @param wallMs Unix milliseconds */
  update(inputs: BalanceInputs, nowMs: number, wallMs: number): void {
    if (!this.#decides) return;
    const wanted = this.#share(inputs, wallMs);
    const elapsedMs = this.#updatedMs === null ? Infinity : nowMs - this.#updatedMs;
    const part = 1 - Math.exp(-Math.max(0, elapsedMs) / SMOOTH_MS);
    this.#updatedMs = nowMs;
    for (const [number, target] of wanted) {
      const deciders = this.#deciders.get(number);
      if (deciders === undefined) {
        this.#deciders.set(number, target);
        continue;
      }
      deciders.price += part * (target.price - deciders.price);
      target.commitment.forEach((share, cdn) => {
        deciders.commitment[cdn]! += part * (share - deciders.commitment[cdn]!);
      });
    }
  }

  /** Bits per second that the CDN's commitment asks for, to be on time. */
  neededBps(cdn: number, monthBytes: number, wallMs: number): number {
    const { commitmentTB, commitmentMbps } = this.#cdns[cdn]!;
    if (commitmentMbps !== undefined) return commitmentMbps * 1e6;
    if (commitmentTB === undefined) return 0;
    const { elapsedMs, lengthMs } = monthAt(wallMs);
    const bytes = commitmentTB * TB_BYTES;
    const paceMs = lengthMs - SPARE_MS;
    const catchUpMs = Math.max(CATCH_UP_LEAST_MS, Math.min(CATCH_UP_MOST_MS, lengthMs - elapsedMs));
    const behindBytes = bytes * Math.min(1, elapsedMs / paceMs) - monthBytes;
    const paceBps = elapsedMs < paceMs ? (8000 * bytes) / paceMs : 0;
    return Math.max(0, paceBps + (8000 * behindBytes) / catchUpMs);
  }

  #first({ inside }: ClientClass): Deciders {
    const commitment = new Float64Array(this.#cdns.length);
    if (!this.#decides) return { weight: 1, commitment, price: 0 };
    const free = 1 - this.#byWeight;
    const lacking = inside.reduce((sum, { cdn }) => sum + this.#lacking[cdn]!, 0);
    if (lacking === 0) return { weight: this.#byWeight, commitment, price: free };
    for (const { cdn } of inside) commitment[cdn] = (free * this.#lacking[cdn]!) / lacking;
    return { weight: this.#byWeight, commitment, price: 0 };
  }

  #share(inputs: BalanceInputs, wallMs: number): Map<number, Deciders> {
    const { classes } = inputs;
    const bps = classes.map(({ number }) => Math.max(IDLE_BPS, inputs.classBps(number)));
    const free = bps.map((rate) => rate * (1 - this.#byWeight));
    const given = classes.map(() => new Float64Array(this.#cdns.length));
    const lacking = this.#lacking;
    const serving = classes.map(({ inside }) =>
      inside.filter(({ cdn }) => !this.#cdns[cdn]!.backup && inputs.serves(cdn)),
    );
    this.#cdns.forEach((cdn, at) => {
      const byWeight = serving.reduce(
        (sum, offers, of) => sum + bps[of]! * this.#byWeight * weightShare(offers, at),
        0,
      );
      const neededBps = Math.min(cdn.maxBps ?? Infinity, this.neededBps(at, inputs.monthBytes(at), wallMs));
      lacking[at] = cdn.backup || !inputs.serves(at) ? 0 : Math.max(0, neededBps - byWeight);
    });
    for (let round = 0; round < ROUNDS; round++) this.#fill(classes, free, given);
    return new Map(
      classes.map(({ number }, of) => [
        number,
        { weight: this.#byWeight, commitment: given[of]!.map((rate) => rate / bps[of]!), price: free[of]! / bps[of]! },
      ]),
    );
  }

  /** One round: what is lacking is asked of every class in proportion to what is free there, and given as far as that goes. */
  #fill(classes: readonly ClientClass[], free: number[], given: readonly Float64Array[]): void {
    const reachable = new Float64Array(this.#cdns.length);
    classes.forEach(({ inside }, of) => inside.forEach(({ cdn }) => (reachable[cdn]! += free[of]!)));
    const got = new Float64Array(this.#cdns.length);
    classes.forEach(({ inside }, of) => {
      const asked = inside.map(({ cdn }) =>
        reachable[cdn] === 0 ? 0 : (this.#lacking[cdn]! * free[of]!) / reachable[cdn]!,
      );
      const all = asked.reduce((sum, rate) => sum + rate, 0);
      if (all === 0) return;
      const part = Math.min(1, free[of]! / all);
      inside.forEach(({ cdn }, at) => {
        given[of]![cdn]! += asked[at]! * part;
        got[cdn]! += asked[at]! * part;
      });
      free[of] = Math.max(0, free[of]! - all * part);
    });
    got.forEach((rate, cdn) => (this.#lacking[cdn] = Math.max(0, this.#lacking[cdn]! - rate)));
  }
}

/** Share of the sessions of a class that a CDN has by the weights. */
function weightShare(offers: readonly CdnOffer[], cdn: number): number {
  const all = offers.reduce((sum, { weight }) => sum + weight, 0);
  const own = offers.find((offer) => offer.cdn === cdn)?.weight ?? 0;
  return all === 0 ? 0 : own / all;
}
