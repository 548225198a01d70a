import test from 'ava';
import fc from 'fast-check';
import type { Cdns } from '../../../topology/model/cdns.ts';
import { CdnBalance } from './cdn-balance.ts';
import { CdnFootprints } from './cdn-footprints.ts';
import { CdnMonth } from './cdn-month.ts';
import { nextPricePerGB, TB_BYTES, volumeCost } from './cdn-price.ts';
import { cdnsOf, CdnWorld, clients, MONTH_BEGINS_MS } from './cdns.fixture.ts';
import { monthAt } from './month.ts';

const STEP_MS = 1_800_000;
const STEPS = (30 * 86_400_000) / STEP_MS;

/** A month of traffic as rates, shared as the deciders say: what went to each CDN, in bytes. */
function monthOf(cdns: Cdns, countries: readonly string[], bpsAt: (country: number, step: number) => number): number[] {
  const footprints = new CdnFootprints(cdns.cdns);
  const balance = new CdnBalance(cdns);
  const month = new CdnMonth(
    cdns.cdns.map(({ id }) => id),
    MONTH_BEGINS_MS,
  );
  const classes = countries.map((country) => footprints.classOf({ country }));
  let rates = countries.map(() => 0);
  for (let step = 0; step < STEPS; step++) {
    const wallMs = MONTH_BEGINS_MS + step * STEP_MS;
    const classBps = (number: number) =>
      classes.reduce((sum, one, at) => (one.number === number ? sum + rates[at]! : sum), 0);
    const inputs = {
      classes: footprints.list,
      classBps,
      monthBytes: (cdn: number) => month.bytes(cdn),
      serves: () => true,
    };
    balance.update(inputs, step * STEP_MS, wallMs);
    rates = countries.map((_, at) => bpsAt(at, step));
    const bytes = new Float64Array(cdns.cdns.length);
    classes.forEach((one, at) => {
      const { weight, price, commitment } = balance.decidersOf(one);
      const { inside } = one;
      const all = inside.reduce((sum, offer) => sum + offer.weight, 0);
      const prices = inside.map((offer) => nextPricePerGB(offer, cdns.cdns[offer.cdn]!, month.bytes(offer.cdn)));
      const cheapest = inside[prices.indexOf(Math.min(...prices))]!;
      const stepBytes = (rates[at]! * STEP_MS) / 8000;
      for (const offer of inside) {
        const share = (weight * offer.weight) / all + commitment[offer.cdn]! + (offer === cheapest ? price : 0);
        bytes[offer.cdn]! += share * stepBytes;
      }
    });
    month.add(bytes, wallMs);
  }
  return cdns.cdns.map((_, cdn) => month.bytes(cdn));
}

/** Evenings are busy, nights are not, and no two days are alike. */
function diurnal(meanBps: number, random: readonly number[]): (country: number, step: number) => number {
  return (country, step) => {
    const hours = (step * STEP_MS) / 3_600_000 + 3 * country;
    const day = Math.floor(hours / 24);
    return (
      meanBps *
      (0.6 + 0.8 * random[day % random.length]!) *
      (1 - 0.8 * Math.cos((2 * Math.PI * (hours - 20)) / 24) ** 2)
    );
  };
}

test('a month’s commitments are met where the traffic allows, and what is left goes to the cheapest', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 31 }),
      fc.double({ min: 0, max: 0.6, noNaN: true }),
      fc.double({ min: 0.05, max: 0.75, noNaN: true }),
      fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      (random, byWeight, committedShare, split) => {
        const bpsAt = diurnal(20e9, random);
        let totalTB = 0;
        for (let step = 0; step < STEPS; step++) totalTB += (bpsAt(0, step) * STEP_MS) / 8000 / TB_BYTES;
        // As much as can be moved away from the weights, and no more.
        const movableTB = totalTB * (1 - byWeight) * committedShare;
        const floorTB = (totalTB * byWeight) / 3;
        const commitments = [floorTB + movableTB * split, floorTB + movableTB * (1 - split)];
        const cdns = cdnsOf(
          [
            { id: 'a', pricePerGB: 0.03, commitmentTB: commitments[0]! },
            { id: 'b', pricePerGB: 0.02, commitmentTB: commitments[1]! },
            { id: 'cheap', pricePerGB: 0.01 },
          ],
          { balance: { byWeight } },
        );
        const [a, b, cheap] = monthOf(cdns, ['DE'], bpsAt) as [number, number, number];
        t.true(a >= 0.99 * commitments[0]! * TB_BYTES, `a got ${a / TB_BYTES} of ${commitments[0]} TB`);
        t.true(b >= 0.99 * commitments[1]! * TB_BYTES, `b got ${b / TB_BYTES} of ${commitments[1]} TB`);
        // Not much more than that, for it would cost more.
        t.true(a + b <= 1.06 * (commitments[0]! + commitments[1]!) * TB_BYTES + 0.03 * totalTB * TB_BYTES);
        t.true(Math.abs(a + b + cheap - totalTB * TB_BYTES) < 1e-6 * totalTB * TB_BYTES, 'nothing is lost');
      },
    ),
    { numRuns: 40 },
  );
});

test('commitments beyond the traffic are used up in proportion', (t) => {
  const cdns = cdnsOf([{ id: 'a', commitmentTB: 8000 }, { id: 'b', commitmentTB: 2000 }, { id: 'c' }], {
    balance: { byWeight: 0 },
  });
  const [a, b, c] = monthOf(cdns, ['DE'], () => 5e9) as [number, number, number];
  t.true(Math.abs(a / (a + b) - 0.8) < 0.02, `${a} and ${b}`);
  t.true(c < 0.001 * (a + b));
});

test('a commitment is used up by the clients that its CDN serves', (t) => {
  const cdns = cdnsOf(
    [
      { id: 'local', commitmentTB: 300, footprint: { countrycode: ['AT'] }, pricePerGB: 0.05 },
      { id: 'global', commitmentTB: 1500, pricePerGB: 0.04 },
      { id: 'cheap', pricePerGB: 0.01 },
    ],
    { balance: { byWeight: 0.1 } },
  );
  // Austria alone has 486 TB of 3402.
  const [local, global] = monthOf(cdns, ['AT', 'DE'], (country) => (country === 0 ? 1.5e9 : 9e9)) as [number, number];
  t.true(local >= 0.99 * 300 * TB_BYTES && local <= 1.1 * 300 * TB_BYTES, `${local / TB_BYTES} TB`);
  t.true(global >= 0.99 * 1500 * TB_BYTES && global <= 1.1 * 1500 * TB_BYTES, `${global / TB_BYTES} TB`);
});

test('a commitment to a 95th percentile is filled up to its rate, and no further', (t) => {
  const cdns = cdnsOf(
    [
      { id: 'rate', commitmentMbps: 2000, pricePerMbpsMonth: 10 },
      { id: 'cheap', pricePerGB: 0.001 },
    ],
    { balance: { byWeight: 0 } },
  );
  const [rate, cheap] = monthOf(cdns, ['DE'], () => 8e9) as [number, number];
  t.true(Math.abs(rate / (rate + cheap) - 0.25) < 0.01);
  const [all, none] = monthOf(cdns, ['DE'], () => 1e9) as [number, number];
  t.true(none < 0.01 * all);
});

test('sessions, too: thirty days of viewers who come and go use up a commitment', (t) => {
  const cdns = cdnsOf(
    [
      { id: 'a', commitmentTB: 9, pricePerGB: 0.02 },
      { id: 'b', pricePerGB: 0.01 },
      { id: 'c', pricePerGB: 0.03 },
    ],
    { balance: { byWeight: 0.3, nominalBps: 5e6 } },
  );
  const world = new CdnWorld(cdns);
  let totalBytes = 0;
  const took = [0, 0, 0];
  // Each step the sessions that are on ask once; a lease covers a step.
  const stepMs = 60_000;
  for (let step = 0; step < 30 * 24 * 4; step++) {
    const hour = (step / 4) % 24;
    const on = Math.round(20 + 15 * Math.cos((2 * Math.PI * (hour - 21)) / 24));
    for (let slot = 0; slot < on; slot++) world.first(`viewer-${slot}-${Math.floor(step / 2 + slot / 3)}`);
    world.nowMs += stepMs;
    // A quarter of an hour passes in each step: its one counted minute stands for all fifteen.
    const bytes = world.traffic.takeBytes(world.nowMs).map((count) => count * 15);
    world.wallMs += 15 * stepMs;
    bytes.forEach((count, cdn) => {
      totalBytes += count;
      took[cdn]! += count;
    });
    if (monthAt(world.wallMs).month === monthAt(MONTH_BEGINS_MS).month) world.month.add(bytes, world.wallMs);
    world.ranking.rebalance(world.nowMs, world.wallMs);
  }
  const [a, b, c] = took as [number, number, number];
  t.true(a >= 0.98 * 9 * TB_BYTES && a <= 1.1 * 9 * TB_BYTES, `${a / TB_BYTES} TB of 9`);
  t.true(Math.abs(c / totalBytes - 0.1) < 0.02, 'the dearest has no more than its third of byWeight');
  t.true(b > a && b > c);
});

test('without a price or a commitment weights alone decide', (t) => {
  const world = new CdnWorld(cdnsOf([{ id: 'a' }, { id: 'b' }], { balance: { byWeight: 0.2 } }));
  for (const client of clients(50)) t.true(world.rank(client).servers[0]!.reasons.includes('by-weight'));
});

test('a CDN that is down is owed nothing for the moment; its commitment is made up for afterwards', (t) => {
  const cdns = cdnsOf(
    [
      { id: 'a', commitmentTB: 100 },
      { id: 'b', pricePerGB: 0.01 },
    ],
    { balance: { byWeight: 0 } },
  );
  const balance = new CdnBalance(cdns);
  const footprints = new CdnFootprints(cdns.cdns);
  const one = footprints.classOf({ country: null });
  const inputs = (serves: boolean) => ({
    classes: footprints.list,
    classBps: () => 1e9,
    monthBytes: () => 0,
    serves: (cdn: number) => cdn === 1 || serves,
  });
  balance.update(inputs(true), 0, MONTH_BEGINS_MS);
  t.true(balance.decidersOf(one).commitment[0]! > 0.3);
  balance.update(inputs(false), 600_000, MONTH_BEGINS_MS + 600_000);
  t.true(balance.decidersOf(one).commitment[0]! < 0.001);
  const onTime = balance.neededBps(0, 0, MONTH_BEGINS_MS);
  const behind = balance.neededBps(0, 0, MONTH_BEGINS_MS + 86_400_000);
  t.true(behind > 1.9 * onTime, `${behind} after a day without, ${onTime} on time`);
});

test('tiers are paid from the month’s beginning on', (t) => {
  const tiers = [{ upToTB: 10, pricePerGB: 0.05 }, { upToTB: 50, pricePerGB: 0.03 }, { pricePerGB: 0.01 }];
  t.is(volumeCost(0.02, 5 * TB_BYTES), 100);
  t.is(volumeCost(tiers, 10 * TB_BYTES), 500);
  t.is(volumeCost(tiers, 60 * TB_BYTES), 500 + 1200 + 100);
  t.is(volumeCost(tiers, 0), 0);
});
