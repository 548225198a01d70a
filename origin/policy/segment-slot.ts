/** Stands for the rendition's init segment where a number is asked for: it has no place on the clock. */
export const INIT = -1;

/** What is wrong with a candidate's bytes. */
export type CandidateDefect = 'empty' | 'short-body' | 'too-large' | 'bad-digest-field' | 'digest-mismatch';

/** One place in a rendition where a segment (or the init segment) stands, will stand, or stood. */
export interface Slot {
  readonly number: number;
  state: 'open' | 'published' | 'evicted';
  /** the published bytes, by the shell's name for them; 0 while there are none */
  bodyId: number;
  /** the latest defect of each pipeline that has offered a bad candidate */
  readonly defects: Map<number, CandidateDefect>;
  readonly waiters: Set<number>;
  /** monotonic; meant only while there are waiters */
  holdUntilMs: number;
}

export function openSlot(number: number): Slot {
  return { number, state: 'open', bodyId: 0, defects: new Map(), waiters: new Set(), holdUntilMs: Infinity };
}

/** One rendition of an event: its slots by number, and how far it has come. */
export interface Track {
  readonly slots: Map<number, Slot>;
  /** −1 when nothing is published yet */
  newestPublished: number;
}

export function slotOf(track: Track, number: number): Slot {
  let slot = track.slots.get(number);
  if (slot === undefined) {
    slot = openSlot(number);
    track.slots.set(number, slot);
  }
  return slot;
}

/** The defect signalled when nothing valid came: what each pipeline did, in the configured order. */
export function describeDefects(slot: Slot | undefined, pipelines: readonly string[]): string {
  return pipelines.map((name, index) => `${name}: ${slot?.defects.get(index) ?? 'missing'}`).join(', ');
}
