import test from 'ava';
import { EXPONENTIAL_MOMENTS, FIXED_MOMENTS, sojournMeanVariance } from './closed-forms/queues.ts';
import { exponentialLaw, fixedLaw, logNormalLaw, lossSystem, singleServer } from './queues.ts';
import { shareOneLink } from './shared-link.ts';

const progress = () => {};

/** The ladder's tolerances rest on these variances: batch means, which know no theory, must find the same. */
function isAbout(theory: number, batches: number): boolean {
  // Fifty batches know a standard error to a tenth.
  return batches > theory * 0.6 && batches < theory * 1.5;
}

test('the standard error of a mean time in system is what batch means find', (t) => {
  const customers = 200_000;
  for (const [law, moments] of [
    [exponentialLaw, EXPONENTIAL_MOMENTS],
    [fixedLaw, FIXED_MOMENTS],
  ] as const) {
    const times = singleServer({ servers: 1, load: 0.7, law, customers, seed: 3, name: 'batches', progress });
    const error = Math.sqrt(sojournMeanVariance(0.7, moments) / customers);
    t.true(isAbout(error, times.standardError), `${error} by theory, ${times.standardError} by batches`);
  }
});

test('transfers that share a link vary as much as M/M/1 at the most', (t) => {
  const transfers = 60_000;
  const error = Math.sqrt(sojournMeanVariance(0.7, EXPONENTIAL_MOMENTS) / transfers);
  for (const law of [exponentialLaw, fixedLaw, logNormalLaw]) {
    const { times, slowdowns } = shareOneLink({ load: 0.7, law, transfers, seed: 4, name: 'batches', progress });
    t.true(times.standardError < error * 1.5);
    t.true(slowdowns.standardError < error * 1.5);
  }
});

test('no calls are lost where there are servers for all, all but one where there is one and they stay', (t) => {
  const options = { load: 3, customers: 2000, seed: 5, name: 'extremes', progress };
  t.is(lossSystem({ ...options, servers: 1000, law: fixedLaw }).mean, 0);
  t.is(lossSystem({ ...options, servers: 1, law: () => 1e9 }).mean, 1);
});
