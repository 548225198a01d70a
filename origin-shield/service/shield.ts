import type { EdgeConfig } from '../../edge/service/edge-config.ts';
import type { FillGate } from '../../edge/service/edge-node.ts';
import { startEdge, type RunningEdge } from '../../edge/service/edge.ts';
import type { Log } from '../../runtime/log.ts';
import type { Priority } from '../../topology/model/priority.ts';
import { OriginBudget, type OriginBudgetConfig } from '../policy/origin-budget.ts';

/**
 * The origin shield: an edge machine whose fills pass the origin's budget first. Everything an edge does about
 * collapsing, lifetimes and the live window it does the same way, one tier higher.
 * @throws BadInput for a configuration that cannot be run
 */
export function startShield(config: EdgeConfig, budget: OriginBudgetConfig, log: Log): Promise<RunningEdge> {
  return startEdge({ ...config, role: 'shield' }, log, new BudgetGate(budget));
}

interface Turn {
  start: () => void;
  shed: () => void;
}

/** The budget's shell: keeps what is to be called, and its timer. */
class BudgetGate implements FillGate {
  readonly #budget: OriginBudget;
  readonly #turns = new Map<number, Turn>();
  #timer: NodeJS.Timeout | undefined;

  constructor(config: OriginBudgetConfig) {
    this.#budget = new OriginBudget(config, {
      start: (fillId) => this.#take(fillId)?.start(),
      shed: (fillId) => this.#take(fillId)?.shed(),
    });
  }

  admit(fillId: number, priority: Priority, start: () => void, shed: () => void): void {
    this.#turns.set(fillId, { start, shed });
    this.#budget.admit(fillId, priority, performance.now());
    this.#arm();
  }

  done(fillId: number): void {
    this.#turns.delete(fillId);
    this.#budget.done(fillId);
  }

  #take(fillId: number): Turn | undefined {
    const turn = this.#turns.get(fillId);
    this.#turns.delete(fillId);
    return turn;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const nextMs = this.#budget.nextWake();
    if (nextMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#budget.wake(performance.now());
        this.#arm();
      },
      Math.max(0, nextMs - performance.now()),
    );
    this.#timer.unref();
  }
}
