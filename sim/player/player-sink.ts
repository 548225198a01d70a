import type { TransferProgress } from './adaptation.ts';

/**
 * What a player asks of its driver. The driver answers each fetch with exactly one of `ranked`, `learned`, `fetched` and
 * `failed`, later (never from inside the call) and with the fetch's id, unless the player has cancelled it.
 * Many players may share one sink; servers are the driver's numbers, renditions indexes into the event's list.
 */
export interface PlayerSink {
  /** `GET /v1/servers` → ranked */
  askServers(playerId: number, fetchId: number): void;
  /** `GET /live/<event>/event.json` → learned */
  fetchEvent(playerId: number, fetchId: number, server: number): void;
  /** → fetched */
  fetchInit(playerId: number, fetchId: number, server: number, rendition: number): void;
  /** → fetched */
  fetchSegment(playerId: number, fetchId: number, server: number, rendition: number, number: number): void;
  /** Nothing more is to be heard of that fetch. @returns the bytes of body received until now */
  cancel(playerId: number, fetchId: number): number;
  /** How far a fetch under way has come, written into the given object. Asked for only where a segment takes long. */
  progress(playerId: number, fetchId: number, progress: TransferProgress): void;
}
