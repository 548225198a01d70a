/**
 * Units are the last word of a name: `startMs`, `rateBps` (bits per second), `sizeBytes`.
 * Two clocks run everywhere: monotonic milliseconds for ages and timers, wall milliseconds (Unix) for HTTP dates and
 * segment numbers. A name says which one it carries where both could be meant: `nowMs`, `wallMs`.
 */

/** The longest any clock of ours may be wrong against the origin's; edges bear it in the live window. */
export const CLOCK_ERROR_MS = 250;
