/**
 * What a transfer costs beyond its bytes over its rate: round trips of set-up, and those of slow start. As pure
 * functions of the round-trip time, so that the network need not model packets (Cardwell, Savage, Anderson, "Modeling
 * TCP latency", INFOCOM 2000, 3.2, without loss and with an acknowledgement for each segment).
 * Left out: loss, delayed acknowledgements, queueing, a receiver's window, the rounding of bytes to segments.
 */

const SEGMENT_BYTES = 1460;

/** Ten segments (RFC 6928). */
export const INITIAL_WINDOW_BYTES = 10 * SEGMENT_BYTES;

/**
 * Round trips before a request can be sent. TCP's handshake is one; TLS 1.3 needs one more (RFC 8446, 2), none more when
 * it resumes with early data (2.3). A connection that is open costs none.
 */
export const SET_UP_ROUND_TRIPS = { open: 0, tcp: 1, tls: 2, tlsEarlyData: 1 } as const;

export type SetUp = keyof typeof SET_UP_ROUND_TRIPS;

export function setUpDelayMs(setUp: SetUp, rttMs: number): number {
  return SET_UP_ROUND_TRIPS[setUp] * rttMs;
}

/**
 * The time a sender stands idle, waiting for acknowledgements, because its window does not yet cover rate × RTT: added
 * to size / rate it is the time of the transfer. In each round a window is sent, at the rate, and doubles once an RTT
 * has gone by since the round began; nobody waits after the round with the last byte.
 * @param rateBps what the path gives once the window is no bound; 0 costs nothing here, the transfer stands anyway
 * @param windowBytes at the beginning: that of a used connection, or the initial one
 */
export function slowStartDelayMs(
  sizeBytes: number,
  rttMs: number,
  rateBps: number,
  windowBytes = INITIAL_WINDOW_BYTES,
): number {
  const pipeBytes = (rateBps * rttMs) / 8000;
  if (!(sizeBytes > windowBytes && pipeBytes > windowBytes)) return 0;
  // rounds 0 … n − 1 send window × (2^n − 1); those before the last byte's, and with a window that is too small, wait
  const roundsOfSize = Math.ceil(Math.log2(sizeBytes / windowBytes + 1)) - 1;
  const roundsOfPipe = Math.ceil(Math.log2(pipeBytes / windowBytes));
  const rounds = Math.min(roundsOfSize, roundsOfPipe);
  return rounds * rttMs - (windowBytes * (2 ** rounds - 1) * 8000) / rateBps;
}

/**
 * The window when all is acknowledged: larger by what was acknowledged, and growing no further once it covers rate × RTT.
 * For the next transfer over the same connection.
 */
export function windowAfterBytes(
  sizeBytes: number,
  rttMs: number,
  rateBps: number,
  windowBytes = INITIAL_WINDOW_BYTES,
): number {
  return Math.max(windowBytes, Math.min(windowBytes + sizeBytes, (rateBps * rttMs) / 8000));
}

/**
 * The window after a pause: halved for each retransmission timeout gone by, down to the initial one (RFC 2861, 3.2, as
 * Linux does unless `tcp_slow_start_after_idle` is off).
 */
export function windowAfterIdleBytes(
  windowBytes: number,
  idleMs: number,
  timeoutMs: number,
  initialWindowBytes = INITIAL_WINDOW_BYTES,
): number {
  const halvings = Math.floor(idleMs / timeoutMs);
  return Math.max(Math.min(windowBytes, initialWindowBytes), windowBytes / 2 ** halvings);
}
