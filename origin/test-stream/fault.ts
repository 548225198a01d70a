import { Readable } from 'node:stream';

/** What a pipeline does wrong on purpose, to its media segments; never to init segments or the event document. */
export type FaultKind =
  /** bytes of the media are flipped after the digest was taken */
  | 'corrupt'
  /** segments are not sent */
  | 'missing'
  /** half a segment is sent, then nothing until the segment's time is over */
  | 'stall';

export const FAULT_KINDS: readonly FaultKind[] = ['corrupt', 'missing', 'stall'];

export function isFaultKind(text: string): text is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(text);
}

/** A copy with 64 bytes flipped at three quarters of it, which is inside the mdat of any real segment: the boxes stay sound. */
export function corrupted(segment: Buffer): Buffer {
  const copy = Buffer.from(segment);
  const from = Math.floor(copy.length * 0.75);
  for (let at = from; at < Math.min(from + 64, copy.length); at++) copy[at] = copy[at]! ^ 0xff;
  return copy;
}

/** A body that gives its first half and then neither goes on nor ends. */
export function stalling(segment: Buffer): Readable {
  const body = new Readable({ read() {} });
  body.push(segment.subarray(0, segment.length / 2));
  return body;
}
