import {
  erlangB,
  erlangC,
  EXPONENTIAL_MOMENTS,
  FIXED_MOMENTS,
  type Moments,
  sojournMeanVariance,
  timeAboveVariance,
} from '../closed-forms/queues.ts';
import {
  exponentialLaw,
  fixedLaw,
  type Law,
  logNormalLaw,
  lossSystem,
  singleServer,
  waitingSystem,
} from '../queues.ts';
import { type Check, estimate, type Rung, type RungContext, within } from '../rung.ts';

/** Run lengths grow with the load, for neighbours wait together for ever longer. */
const LOADS = [
  { load: 0.5, exponential: 2, fixed: 1.5, customers: 1e6 },
  { load: 0.8, exponential: 5, fixed: 3, customers: 2e6 },
  { load: 0.9, exponential: 10, fixed: 5.5, customers: 3e6 },
  { load: 0.95, exponential: 20, fixed: 10.5, customers: 6e6 },
];
/**
 * A quick run takes this share of the customers, and its tolerances are √10 times as wide. It leaves out the systems that
 * hardly change in so short a time.
 */
const QUICK_SHARE = 0.1;
/** Constants are printed to six places. */
const PRINTED = { tolerance: 5e-7, reason: 'the reference has six places' };

function singleServerRung(
  id: string,
  title: string,
  source: string,
  { law, moments, expectedOf }: { law: Law; moments: Moments; expectedOf: (row: (typeof LOADS)[number]) => number },
): Rung {
  return {
    id,
    title,
    source,
    run(context) {
      const rows = context.quick ? LOADS.slice(0, 2) : LOADS;
      const total = rows.reduce((sum, { customers }) => sum + customers, 0);
      let done = 0;
      return rows.map((row) => {
        const customers = row.customers * (context.quick ? QUICK_SHARE : 1);
        const times = singleServer({
          servers: 1,
          load: row.load,
          law,
          customers,
          seed: context.seed,
          name: `${id} ${row.load}`,
          progress: (share) => context.progress((done + share * row.customers) / total),
        });
        done += row.customers;
        const error = Math.sqrt(sojournMeanVariance(row.load, moments) / customers);
        const basis = `n = ${customers}, variance of the mean by Poisson’s equation`;
        return estimate(`ρ = ${row.load}: mean time in system`, expectedOf(row), times.mean, error, basis);
      });
    },
  };
}

export const mm1 = singleServerRung('mm1', 'M/M/1', '1/(μ − λ)', {
  law: exponentialLaw,
  moments: EXPONENTIAL_MOMENTS,
  expectedOf: ({ exponential }) => exponential,
});

export const md1 = singleServerRung('md1', 'M/D/1', 'Pollaczek–Khinchine: 1 + ρ / 2(1 − ρ)', {
  law: fixedLaw,
  moments: FIXED_MOMENTS,
  expectedOf: ({ fixed }) => fixed,
});

interface LossCase {
  servers: number;
  load: number;
  lost: number;
  calls: number;
  laws: [name: string, law: Law, squaredVariation: number][];
}

const EXPONENTIAL: LossCase['laws'][number] = ['exponential', exponentialLaw, 1];
const FIXED: LossCase['laws'][number] = ['fixed', fixedLaw, 0];
const LOG_NORMAL: LossCase['laws'][number] = ['log-normal', logNormalLaw, Math.E - 1];

const LOSS_CASES: LossCase[] = [
  { servers: 10, load: 5, lost: 0.018385, calls: 2e6, laws: [EXPONENTIAL, FIXED, LOG_NORMAL] },
  { servers: 100, load: 90, lost: 0.026957, calls: 2e6, laws: [EXPONENTIAL, FIXED, LOG_NORMAL] },
  { servers: 1000, load: 950, lost: 0.003649, calls: 4e6, laws: [FIXED, LOG_NORMAL] },
];

export const erlangLoss: Rung = {
  id: 'erlang-b',
  title: 'Erlang B, whatever the holding times',
  source: 'Erlang 1917; insensitivity: Sevast’yanov 1957',
  run(context) {
    const checks: Check[] = [];
    const cases = context.quick ? LOSS_CASES.slice(0, 2) : LOSS_CASES;
    const total = cases.reduce((sum, { calls, laws }) => sum + calls * laws.length, 0);
    let done = 0;
    for (const { servers, load, lost, calls, laws } of cases) {
      const expected = erlangB(servers, load);
      checks.push(within(`formula (${servers}, ${load})`, lost, expected, PRINTED.tolerance, PRINTED.reason));
      for (const [name, law, squaredVariation] of laws) {
        const customers = calls * (context.quick ? QUICK_SHARE : 1);
        const got = lossSystem({
          servers,
          load,
          law,
          customers,
          seed: context.seed,
          name: `erlang-b ${servers} ${name}`,
          progress: (share) => context.progress((done + share * calls) / total),
        });
        done += calls;
        // Lost calls come at random while all are busy; for how long all are busy varies more with wilder holding times.
        const variation = Math.max(1, (1 + squaredVariation) / 2);
        const variance = expected + load * timeAboveVariance(servers, load, servers, servers) * variation;
        const error = Math.sqrt(variance / customers);
        const basis = `n = ${customers}, birth–death variance (Whitt 1992)`;
        checks.push(estimate(`(${servers}, ${load}) ${name}: share lost`, expected, got.mean, error, basis));
      }
    }
    return checks;
  },
};

const WAIT_CASES = [
  { servers: 2, load: 1, waits: 0.333333, customers: 2e6 },
  { servers: 10, load: 8, waits: 0.40918, customers: 4e6 },
];

export const erlangWait: Rung = {
  id: 'erlang-c',
  title: 'Erlang C',
  source: 'Erlang 1917',
  run: (context: RungContext) =>
    WAIT_CASES.flatMap((row, at) => {
      const { servers, load, waits } = row;
      const expected = erlangC(servers, load);
      const customers = row.customers * (context.quick ? QUICK_SHARE : 1);
      const got = waitingSystem({
        servers,
        load,
        law: exponentialLaw,
        customers,
        seed: context.seed,
        name: `erlang-c ${servers}`,
        progress: (share) => context.progress((at + share) / WAIT_CASES.length),
      });
      // States beyond 50 times the servers have no weight left.
      const error = Math.sqrt((expected + load * timeAboveVariance(servers, load, servers, 50 * servers)) / customers);
      const basis = `n = ${customers}, birth–death variance (Whitt 1992)`;
      return [
        within(`formula (${servers}, ${load})`, waits, expected, PRINTED.tolerance, PRINTED.reason),
        estimate(`(${servers}, ${load}): share that waits`, expected, got.mean, error, basis),
      ];
    }),
};
