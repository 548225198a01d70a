/** One moment on both clocks: monotonic for waits, wall (Unix) for the live window. Milliseconds. */
export interface Instant {
  nowMs: number;
  wallMs: number;
}
