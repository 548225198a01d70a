/** Closed forms of queues with Poisson arrivals. Time is counted in mean service times where nothing else is said. */

/** Moments 1 … 4 of a service time whose mean is 1. */
export type Moments = readonly [number, number, number, number];
export const EXPONENTIAL_MOMENTS: Moments = [1, 2, 6, 24];
export const FIXED_MOMENTS: Moments = [1, 1, 1, 1];

/**
 * Time in system of M/G/1, first come first served: its moments 1 … 3 by Takács' recursion (1962) for the wait, to which
 * the service time is added.
 */
export function sojournMoments(load: number, service: Moments): [number, number, number] {
  const wait = [1, 0, 0, 0];
  for (let order = 1; order <= 3; order++) {
    let sum = 0;
    for (let part = 1; part <= order; part++) {
      sum += ((binomial(order, part) * service[part]!) / (part + 1)) * wait[order - part]!;
    }
    wait[order] = (load / (1 - load)) * sum;
  }
  const moment = (order: number) => {
    let sum = 0;
    for (let part = 0; part <= order; part++) {
      sum += binomial(order, part) * wait[order - part]! * (part === 0 ? 1 : service[part - 1]!);
    }
    return sum;
  };
  return [moment(1), moment(2), moment(3)];
}

/**
 * Variance of the mean time in system over n customers in a row, times n, for large n. Neighbours wait together, so it is
 * far more than the variance of one. Poisson's equation of the sequence T of times in system (Asmussen 2003, §I.7) is
 * solved by T + aT² with a = load / 2(1 − load), whatever the service law: var T + 2a (E T³ − E T · E T²).
 */
export function sojournMeanVariance(load: number, service: Moments): number {
  const [first, second, third] = sojournMoments(load, service);
  const slope = load / (2 * (1 - load));
  return second - first * first + 2 * slope * (third - first * second);
}

/** Probability that all servers are busy and a call is lost (Erlang 1917), by the usual recursion in the servers. */
export function erlangB(servers: number, load: number): number {
  let inverse = 1;
  for (let server = 1; server <= servers; server++) inverse = 1 + (inverse * server) / load;
  return 1 / inverse;
}

/** Probability that a call has to wait (Erlang 1917). */
export function erlangC(servers: number, load: number): number {
  const lost = erlangB(servers, load);
  return lost / (1 - (load / servers) * (1 - lost));
}

/**
 * Variance of the share of time for which a birth–death process is in state `from` or above, times the time, for a long
 * time (Whitt 1992, "Asymptotic formulas for Markov processes", eq. 8): births at `load`, deaths at min(state, servers).
 */
export function timeAboveVariance(servers: number, load: number, from: number, states: number): number {
  const logs = new Float64Array(states + 1);
  for (let state = 1; state <= states; state++)
    logs[state] = logs[state - 1]! + Math.log(load / Math.min(state, servers));
  const top = logs.reduce((most, log) => Math.max(most, log));
  const shares = logs.map((log) => Math.exp(log - top));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let above = 0;
  for (let state = from; state <= states; state++) above += shares[state]! / total;
  // What has been gained by state s: up to `from` counted from below, from there on from above, where little is left.
  const gained = new Float64Array(states + 1);
  for (let state = 0, sum = 0; state < from; state++) gained[state] = sum -= (above * shares[state]!) / total;
  for (let state = states, sum = 0; state > from; state--)
    gained[state - 1] = sum -= ((1 - above) * shares[state]!) / total;
  let sum = 0;
  for (let state = 0; state < states; state++) {
    const share = shares[state]! / total;
    if (share > 1e-300) sum += gained[state]! ** 2 / (load * share);
  }
  return 2 * sum;
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let step = 1; step <= k; step++) result = (result * (n - k + step)) / step;
  return result;
}
