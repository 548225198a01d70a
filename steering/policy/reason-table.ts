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
const SAME_COUNTRY = 1 << 15;

/**
 * Lists of reasons, each made once: nearly all answers use the same few, and who writes them down can keep them by the
 * list, too.
 */
export class ReasonTable {
  /** goes with the verdict whose reasons they are */
  readonly #lists = new WeakMap<readonly HealthReason[], Map<PlaceReason, Map<number, readonly Reason[]>>>();

  of(lies: PlaceReason, isSameCountry: boolean, health: readonly HealthReason[], flags: number): readonly Reason[] {
    let byPlace = this.#lists.get(health);
    if (byPlace === undefined) this.#lists.set(health, (byPlace = new Map()));
    let byCode = byPlace.get(lies);
    if (byCode === undefined) byPlace.set(lies, (byCode = new Map()));
    const code = isSameCountry ? flags | SAME_COUNTRY : flags;
    let list = byCode.get(code);
    if (list === undefined) byCode.set(code, (list = listOf(lies, isSameCountry, health, flags)));
    return list;
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
