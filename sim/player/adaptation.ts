/** How a player picks its bitrate. One object a player; it sees transfers of the adaptive medium only. */
export interface Adaptation {
  /** Once, before the first choice. @param firstVariantBps of the variant that the manifest names first */
  begin?(firstVariantBps: number): void;

  /**
   * @param variantBps bits per second of each choice that the device can play, ascending
   * @returns an index into it
   */
  choose(variantBps: readonly number[], state: AdaptationState): number;

  /**
   * A transfer has ended, or timed out after so many bytes.
   * @param totalMs from the request to the last byte
   * @param firstByteMs from the request to the first byte; negative when none was seen apart
   */
  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void;

  /** Playback jumped to where nothing is buffered. */
  moved?(): void;

  /**
   * Whether to drop the fetch under way for a lower choice. A rule that never does leaves this out; one that has it sets
   * `transfer.lookAgainMs`, and is asked for the first time as soon as a segment could do with it (`FIRST_LOOK_SEGMENTS`).
   * @returns the choice to fetch instead, or -1 to go on
   */
  abandon?(variantBps: readonly number[], state: AdaptationState, transfer: TransferUnderWay): number;
}

/** No rule looks at a fetch before it has lasted so many segments. */
export const FIRST_LOOK_SEGMENTS = 0.5;

/** Valid only during the call: the player reuses one object. */
export interface AdaptationState {
  /** the choice buffered last, -1 before the first */
  currentIndex: number;
  bufferMs: number;
  /** the most that can be buffered when a segment is chosen: up to what the live edge has, and no more than the player keeps */
  bufferTargetMs: number;
  segmentDurationMs: number;
}

/** What the driver knows of a fetch; it fills in an object of the player's. */
export interface TransferProgress {
  /** of body */
  receivedBytes: number;
  /** of the whole body, negative while that is not known */
  totalBytes: number;
  /** from the request to the first byte of the answer; negative when none has come */
  firstByteMs: number;
}

/** Valid only during the call. */
export interface TransferUnderWay extends TransferProgress {
  /** the choice being fetched */
  index: number;
  elapsedMs: number;
  /** set by the rule: so long after the request it wants to look again; Infinity: never */
  lookAgainMs: number;
}
