import { FLAGS } from './candidates.ts';
import type { HealthReason, PlaceReason, Reason } from './reasons.ts';

const FLAG_REASONS: readonly (readonly [flag: number, reason: Reason])[] = [
  [FLAGS.playsHere, 'plays-here'],
  [FLAGS.pathFails, 'path-fails'],
  [FLAGS.explored, 'explored'],
  [FLAGS.overBound, 'over-bound'],
  [FLAGS.turnedAway, 'turned-away'],
  [FLAGS.spilled, 'spilled'],
  [FLAGS.full, 'full'],
];
/** Beyond all flags. */
const SAME_COUNTRY = 1 << 8;

/**
 * Lists of reasons, each made once: nearly all answers use the same few, and who writes them down can keep them by the
 * list, too.
 */
export class ReasonTable {
  /** goes with the verdict whose reasons they are */
  readonly #lists = new WeakMap<readonly HealthReason[], Map<PlaceReason, (readonly Reason[] | undefined)[]>>();
  /** nearly all servers are of one health */
  #lastHealth: readonly HealthReason[] | null = null;
  #lastByPlace = new Map<PlaceReason, (readonly Reason[] | undefined)[]>();

  of(lies: PlaceReason, isSameCountry: boolean, health: readonly HealthReason[], flags: number): readonly Reason[] {
    const byPlace = this.#byPlace(health);
    let byCode = byPlace.get(lies);
    if (byCode === undefined) byPlace.set(lies, (byCode = Array.from({ length: 2 * SAME_COUNTRY })));
    return (byCode[isSameCountry ? flags | SAME_COUNTRY : flags] ??= listOf(lies, isSameCountry, health, flags));
  }

  #byPlace(health: readonly HealthReason[]): Map<PlaceReason, (readonly Reason[] | undefined)[]> {
    if (health === this.#lastHealth) return this.#lastByPlace;
    let byPlace = this.#lists.get(health);
    if (byPlace === undefined) this.#lists.set(health, (byPlace = new Map()));
    this.#lastHealth = health;
    return (this.#lastByPlace = byPlace);
  }
}

function listOf(
  lies: PlaceReason,
  isSameCountry: boolean,
  health: readonly HealthReason[],
  flags: number,
): readonly Reason[] {
  return [
    lies,
    ...(isSameCountry ? (['same-country'] as const) : []),
    (flags & FLAGS.standIn) === 0 ? 'owner' : 'stand-in',
    ...health,
    ...FLAG_REASONS.filter(([flag]) => (flags & flag) !== 0).map(([, reason]) => reason),
  ];
}
