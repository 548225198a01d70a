/** Bandwidth over time in steps, the last one for ever. */
export type BandwidthTrace = readonly { fromMs: number; rateBps: number }[];

/** How many bytes pass between two moments. */
export function bytesBetween(trace: BandwidthTrace, fromMs: number, untilMs: number): number {
  let bytes = 0;
  trace.forEach(({ fromMs: beginsMs, rateBps }, index) => {
    const endsMs = trace[index + 1]?.fromMs ?? Infinity;
    const passedMs = Math.min(untilMs, endsMs) - Math.max(fromMs, beginsMs);
    if (passedMs > 0) bytes += (passedMs * rateBps) / 8000;
  });
  return bytes;
}

/** When so many bytes have passed that begin at a moment. */
export function passedAtMs(trace: BandwidthTrace, fromMs: number, sizeBytes: number): number {
  let leftBytes = sizeBytes;
  let atMs = fromMs;
  for (const [index, { rateBps }] of trace.entries()) {
    const endsMs = trace[index + 1]?.fromMs ?? Infinity;
    if (endsMs <= atMs) continue;
    const takesMs = (leftBytes * 8000) / rateBps;
    if (atMs + takesMs <= endsMs) return atMs + takesMs;
    leftBytes -= bytesBetween(trace, atMs, endsMs);
    atMs = endsMs;
  }
  return atMs;
}
