/**
 * Half the width, in standard errors, of a two-sided confidence interval by Student's t distribution.
 * @param confidence above 0 and below 1, such as 0.95
 * @param freedom degrees of freedom, 1 or more
 */
export function studentT(confidence: number, freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError('a confidence interval needs two observations');
  const tail = 1 - confidence;
  let [low, high] = [0, 2];
  while (bothTails(high, freedom) > tail) high *= 2;
  // Halving gains a binary digit each time: 80 are beyond what a number holds.
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (bothTails(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| > t) = I(ν/(ν+t²); ν/2, 1/2) (Abramowitz and Stegun 26.7.1). */
function bothTails(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** Regularised, by Lentz's continued fraction (Abramowitz and Stegun 26.5.8; Thompson and Barnett 1986). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side only; the other follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log(1 - x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let [fraction, c, d] = [1, 1, 0];
  for (let step = 0; step <= 500; step++) {
    const half = Math.floor(step / 2);
    const term =
      step === 0
        ? 1
        : step % 2 === 0
          ? (half * (b - half) * x) / ((a + 2 * half - 1) * (a + 2 * half))
          : -((a + half) * (a + b + half) * x) / ((a + 2 * half) * (a + 2 * half + 1));
    d = 1 / away(1 + term * d);
    c = away(1 + term / c);
    fraction *= c * d;
    if (Math.abs(1 - c * d) < 1e-15) break;
  }
  return front * (fraction - 1);
}

function away(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Lanczos' approximation, right to about 15 figures; for x ≥ 0.5. */
function logGamma(x: number): number {
  const base = x + 6.5;
  const sum = LANCZOS.reduce((total, factor, at) => (at === 0 ? factor : total + factor / (x - 1 + at)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}
