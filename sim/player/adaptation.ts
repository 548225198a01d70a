/** How a player picks its bitrate. One object a player; it sees whole transfers of the adaptive medium only. */
export interface Adaptation {
  /**
   * @param variantBps bits per second of each choice, ascending
   * @returns an index into it
   */
  choose(variantBps: readonly number[], state: AdaptationState): number;

  /**
   * @param totalMs from the request to the last byte
   * @param firstByteMs from the request to the first byte; negative when none was seen apart
   */
  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void;
}

/** Valid only during the call: the player reuses one object. */
export interface AdaptationState {
  /** the choice fetched last, -1 before the first */
  currentIndex: number;
  bufferMs: number;
  segmentDurationMs: number;
}
