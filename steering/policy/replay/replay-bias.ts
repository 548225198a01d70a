import { SIGN_WEIGHTS, type PlayerSign } from '../health/player-evidence.ts';

/** How far a record can tell of decisions that it did not make. */
export interface Bias {
  /** share of sessions that the record's policy let try what it turned away */
  exploreShare: number;
  /** decisions replayed with another first choice, and those of them whose new server served the same network in the record */
  otherDecisions: number;
  withEvidence: number;
  /** sessions whose first choice came about by a known chance, and those for which none is known */
  weighed: number;
  unweighed: number;
  /** share of the replayed policy's first choices that the record's could have made: the mean weight, 1 but for chance */
  covered: number;
  /** so many sessions of the replayed policy itself would tell as much; 0 when the record tells nothing of it */
  effectiveSessions: number;
  /** null without exploration, without word from players, or when no weight is left */
  failures: FailureEstimate | null;
}

/** Share of what players told that was of failures. */
export interface FailureEstimate {
  /** of the sessions whose network and server players told of */
  sessions: number;
  recorded: number;
  /** importance weighted: Horvitz and Thompson's, and self-normalised */
  horvitzThompson: number;
  selfNormalised: number;
  /** of the self-normalised one, 95 % */
  low: number;
  high: number;
}

/** One network at one server. */
interface Cell {
  sessions: number;
  weight: number;
  squaredWeight: number;
  /** what players told, in answers, and how often they did */
  bad: number;
  told: number;
  signs: number;
  /** decisions that the replayed policy made so, and the record's did not */
  others: number;
}

/**
 * Counts what the record can say of the replayed policy: each session weighs as many times as that policy would have sent
 * it where it went, by the chances of both (Bottou et al., Counterfactual reasoning and learning systems, JMLR 14, 2013).
 */
export class BiasBook {
  readonly #cells = new Map<string, Cell>();
  #unweighed = 0;
  #otherDecisions = 0;

  /** A new session came, and went to that server by that chance; the replayed policy would have sent it there by that. */
  came(network: string, server: number, propensity: number, propensityAfter: number): void {
    const cell = this.#cell(network, server);
    if (propensity === 0) {
      this.#unweighed++;
      return;
    }
    const weight = propensityAfter / propensity;
    cell.sessions++;
    cell.weight += weight;
    cell.squaredWeight += weight ** 2;
  }

  /** The replayed policy made another first choice. */
  decidedOtherwise(network: string, server: number): void {
    this.#otherDecisions++;
    this.#cell(network, server).others++;
  }

  playerTold(network: string, server: number, sign: string): void {
    const weight = SIGN_WEIGHTS[sign as PlayerSign] ?? 1;
    const cell = this.#cell(network, server);
    cell.signs++;
    cell.told += weight;
    if (sign !== 'well') cell.bad += weight;
  }

  result(exploreShare: number): Bias {
    const cells = [...this.#cells.values()];
    const sum = (of: (cell: Cell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
    const weight = sum((cell) => cell.weight);
    const squaredWeight = sum((cell) => cell.squaredWeight);
    const weighed = sum((cell) => cell.sessions);
    return {
      exploreShare,
      otherDecisions: this.#otherDecisions,
      withEvidence: sum((cell) => (cell.sessions > 0 ? cell.others : 0)),
      weighed,
      unweighed: this.#unweighed,
      covered: weighed > 0 ? weight / weighed : 0,
      effectiveSessions: squaredWeight > 0 ? weight ** 2 / squaredWeight : 0,
      failures: exploreShare === 0 ? null : estimate(cells.filter(({ sessions, signs }) => sessions > 0 && signs > 0)),
    };
  }

  #cell(network: string, server: number): Cell {
    const key = `${server} ${network}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { sessions: 0, weight: 0, squaredWeight: 0, bad: 0, told: 0, signs: 0, others: 0 };
      this.#cells.set(key, cell);
    }
    return cell;
  }
}

const NORMAL_95 = 1.96;
const NEVER_95 = -Math.log(0.05);

/** What players of a network tell of a server stands for each session of theirs there. */
function estimate(cells: readonly Cell[]): FailureEstimate | null {
  const sum = (of: (cell: Cell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const share = ({ bad, told }: Cell) => bad / told;
  const sessions = sum((cell) => cell.sessions);
  const weight = sum((cell) => cell.weight);
  if (weight === 0) return null;
  const weighted = sum((cell) => cell.weight * share(cell));
  const mean = weighted / weight;
  // Sessions were drawn, and so were those of them that told.
  const drawn = sum((cell) => cell.squaredWeight * (share(cell) - mean) ** 2);
  const told = sum((cell) => (cell.weight ** 2 * share(cell) * (1 - share(cell))) / cell.signs);
  const margin = (NORMAL_95 * Math.sqrt(drawn + told)) / weight;
  // Nothing seen in n sessions does not mean never: more than 3/n of it would have shown with 95 %. Words are no measure,
  // for a session tells of many answers.
  const unseen = Math.min(1, (NEVER_95 * sum((cell) => cell.squaredWeight)) / weight ** 2);
  return {
    sessions,
    recorded: sum((cell) => cell.sessions * share(cell)) / sessions,
    horvitzThompson: weighted / sessions,
    selfNormalised: mean,
    low: Math.max(0, mean === 1 ? 1 - unseen : mean - margin),
    high: Math.min(1, mean === 0 ? unseen : mean + margin),
  };
}
