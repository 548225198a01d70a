/** How `got` is held against `expected`: `absolute` and `relative` allow the tolerance either way. */
export type How = 'absolute' | 'relative' | 'at most' | 'at least' | 'exact';

/** One number held against what theory says. */
export interface Check {
  what: string;
  expected: number;
  got: number;
  /** in the unit of the number; a share of `expected` where `how` is `relative`; 0 where it is `exact` */
  tolerance: number;
  how: How;
  /** why the tolerance is so large, and no larger */
  reason: string;
  /** of `got`, in the tolerance's unit, where chance is in it */
  standardError?: number;
  ok: boolean;
}

export interface RungContext {
  /** the same seed: the same numbers */
  seed: number;
  /** smaller samples and tolerances that are wider for it: what the mutation test runs */
  quick: boolean;
  /** @param share of the rung's work that is done, 0 to 1 */
  progress(share: number): void;
}

/** A step of the ladder of proof: a part of the simulator, or of a policy it drives, against a closed form. */
export interface Rung {
  /** what `--only` names */
  id: string;
  title: string;
  /** the formula, and where it comes from */
  source: string;
  run(context: RungContext): Check[] | Promise<Check[]>;
}

/**
 * Tolerances of what chance decides are five standard errors: by accident a right program fails one check in
 * 1.7 million. Samples are made large enough for five of them to be less than a wrong rule would shift.
 */
export const STANDARD_ERRORS = 5;

/** @param basis where the standard error comes from */
export function estimate(what: string, expected: number, got: number, standardError: number, basis: string): Check {
  const reason = `${STANDARD_ERRORS} standard errors: ${basis}`;
  return within(what, expected, got, STANDARD_ERRORS * standardError, reason, standardError);
}

export function within(
  what: string,
  expected: number,
  got: number,
  tolerance: number,
  reason: string,
  standardError?: number,
): Check {
  const ok = Math.abs(got - expected) <= tolerance;
  return {
    what,
    expected,
    got,
    tolerance,
    how: 'absolute',
    reason,
    ok,
    ...(standardError !== undefined && { standardError }),
  };
}

export function relatively(what: string, expected: number, got: number, tolerance: number, reason: string): Check {
  const ok = Math.abs(got - expected) <= tolerance * Math.abs(expected);
  return { what, expected, got, tolerance, how: 'relative', reason, ok };
}

export function exactly(what: string, expected: number, got: number): Check {
  return { what, expected, got, tolerance: 0, how: 'exact', reason: 'nothing is left to chance', ok: got === expected };
}

export function atMost(what: string, expected: number, got: number, reason: string): Check {
  return { what, expected, got, tolerance: 0, how: 'at most', reason, ok: got <= expected };
}

export function atLeast(what: string, expected: number, got: number, reason: string): Check {
  return { what, expected, got, tolerance: 0, how: 'at least', reason, ok: got >= expected };
}

/**
 * A sum of squares against its χ² law, by degree of freedom: at most what five standard errors allow. The law is skewed,
 * hence the cube root of Wilson and Hilferty (1931).
 */
export function chiSquare(what: string, statistic: number, freedom: number): Check {
  const spread = 2 / (9 * freedom);
  const bound = (1 - spread + STANDARD_ERRORS * Math.sqrt(spread)) ** 3;
  const reason = `χ² with ${freedom} degrees of freedom has mean 1 a degree, and stays below this`;
  return atMost(`${what} (χ² a degree, mean 1)`, bound, statistic / freedom, reason);
}
