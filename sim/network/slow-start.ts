/**
 * What slow start costs a transfer against one that has its full rate at once (Cardwell, Savage, Anderson 2000, without
 * losses): each round trip that the window does not fill the pipe, the sender waits for the rest of it.
 *
 * @param rateBps the rate that the window grows towards
 * @param windowBytes congestion window to begin with (RFC 6928: ten segments)
 * @returns milliseconds on top of size ÷ rate
 */
export function slowStartDelayMs(sizeBytes: number, rttMs: number, rateBps: number, windowBytes: number): number {
  const pipeBytes = (rateBps * rttMs) / 8000;
  let delayMs = 0;
  let window = windowBytes;
  for (let left = sizeBytes; window < pipeBytes && left > window; window *= 2) {
    delayMs += rttMs - (window * 8000) / rateBps;
    left -= window;
  }
  return delayMs;
}

/** The window when the transfer is over: it has doubled each round trip, and is no larger than what filled the pipe. */
export function windowAfterBytes(sizeBytes: number, rttMs: number, rateBps: number, windowBytes: number): number {
  const pipeBytes = (rateBps * rttMs) / 8000;
  let window = windowBytes;
  for (let left = sizeBytes; window < pipeBytes && left > 0; window *= 2) left -= window;
  return window;
}
