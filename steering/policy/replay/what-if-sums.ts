import type { AdmissionVerdict } from '../admission.ts';
import type { RecordHeader } from '../record/decision-record.ts';
import type { LoadPeaks } from './load-peaks.ts';
import { MET, type Placement, type SessionState } from './session-book.ts';
import type { Moved, PlaceLoad, Rank0Bytes, SideSums, WhatIfResult } from './what-if-result.ts';

const MS_PER_SECOND = 1000;
const BITS_PER_BYTE = 8;

/** Sessions and bytes: where they went, where they would have gone, and what they were refused. */
export class WhatIfSums {
  readonly #sites: RecordHeader['sites'];
  /** by server of the record */
  readonly #siteOf: Int32Array;
  readonly #before: Side;
  readonly #after: Side;
  /** by site before and site after; −1 nowhere */
  readonly #moved = new Map<string, { from: number; to: number; sessions: number; bytes: number }>();
  #movedSessions = 0;

  constructor(sites: RecordHeader['sites']) {
    this.#sites = sites;
    this.#siteOf = Int32Array.from(sites.flatMap(({ edges }, site) => edges.map(() => site)));
    this.#before = new Side(this.#siteOf.length);
    this.#after = new Side(this.#siteOf.length);
  }

  /** The session is placed anew, on both sides. @param admission as it is recorded */
  decided(state: SessionState, admission: number, verdict: AdmissionVerdict): void {
    if (admission < 0) this.#meets(state, MET.refusedBefore, this.#before, 'refusedSessions');
    if (admission > 0) this.#meets(state, MET.reducedBefore, this.#before, 'reducedSessions');
    if (verdict === 'refused') this.#meets(state, MET.refusedAfter, this.#after, 'refusedSessions');
    if (verdict === 'reduced') this.#meets(state, MET.reducedAfter, this.#after, 'reducedSessions');
    const [from, to] = [this.#siteAt(state.before), this.#siteAt(state.after)];
    if (from === to || (state.flags & MET.moved) !== 0) return;
    state.flags |= MET.moved;
    this.#movedSessions++;
    this.#pair(from, to).sessions++;
  }

  served(state: SessionState, durationMs: number): void {
    const { before, after, isLive } = state;
    const bytesBefore = this.#before.served(before, durationMs, isLive);
    const bytesAfter = this.#after.served(after, durationMs, isLive);
    const [from, to] = [this.#siteAt(before), this.#siteAt(after)];
    // What is refused now would have had what it had.
    if (from !== to) this.#pair(from, to).bytes += to < 0 ? bytesBefore : bytesAfter;
  }

  result(
    peaksBefore: LoadPeaks,
    peaksAfter: LoadPeaks,
    serverNow: Int32Array,
  ): Pick<WhatIfResult, 'moved' | 'movedSessions' | 'movedBytes' | 'sites' | 'servers' | 'before' | 'after'> {
    const name = (site: number) => (site < 0 ? null : this.#sites[site]!.id);
    const moved: Moved[] = [...this.#moved.values()]
      .map(({ from, to, sessions, bytes }) => ({ from: name(from), to: name(to), sessions, bytes }))
      .sort((a, b) => b.bytes - a.bytes || b.sessions - a.sessions);
    const servers = this.#sites
      .flatMap(({ id: site, edges }) => edges.map(({ id }) => ({ id, site })))
      .map(({ id, site }, server): PlaceLoad => {
        const after = serverNow[server]! >= 0 ? peaksAfter.servers[server]! : null;
        const [bytesBefore, bytesAfter] = [this.#before.bytes[server]!, this.#after.bytes[server]!];
        return { id, site, before: peaksBefore.servers[server]!, after, bytesBefore, bytesAfter };
      });
    const sites = this.#sites.map(({ id }, site): PlaceLoad => {
      const own = servers.filter((server) => server.site === id);
      const after = own.every((server) => server.after === null) ? null : peaksAfter.sites[site]!;
      const sum = (of: (server: PlaceLoad) => number) => own.reduce((total, server) => total + of(server), 0);
      const bytes = { bytesBefore: sum((one) => one.bytesBefore), bytesAfter: sum((one) => one.bytesAfter) };
      return { id, before: peaksBefore.sites[site]!, after, ...bytes };
    });
    const movedBytes = moved.reduce((total, { bytes }) => total + bytes, 0);
    const [before, after] = [this.#before.sums(), this.#after.sums()];
    return { moved, movedSessions: this.#movedSessions, movedBytes, sites, servers, before, after };
  }

  #siteAt({ server }: Placement): number {
    return server < 0 ? -1 : this.#siteOf[server]!;
  }

  #pair(from: number, to: number) {
    const key = `${from} ${to}`;
    let pair = this.#moved.get(key);
    if (pair === undefined) this.#moved.set(key, (pair = { from, to, sessions: 0, bytes: 0 }));
    return pair;
  }

  #meets(state: SessionState, flag: number, side: Side, what: 'reducedSessions' | 'refusedSessions'): void {
    if ((state.flags & flag) !== 0) return;
    state.flags |= flag;
    side[what]++;
  }
}

/** As recorded, or as replayed. */
class Side {
  reducedSessions = 0;
  refusedSessions = 0;
  readonly bytes: Float64Array;
  readonly #rank0 = { hit: 0, health: 0, other: 0 };
  #onDemandBytes = 0;

  constructor(servers: number) {
    this.bytes = new Float64Array(servers);
  }

  /** @returns bytes */
  served({ server, bps, rank0 }: Placement, durationMs: number, isLive: boolean): number {
    if (server < 0) return 0;
    const bytes = (bps * durationMs) / MS_PER_SECOND / BITS_PER_BYTE;
    this.bytes[server]! += bytes;
    this.#rank0[rank0] += bytes;
    if (!isLive) this.#onDemandBytes += bytes;
    return bytes;
  }

  sums(): SideSums {
    const { hit, health, other } = this.#rank0;
    const rank0: Rank0Bytes = {
      bytes: hit + health + other,
      rank0: hit,
      healthMiss: health,
      otherMiss: other,
      contentMiss: this.#onDemandBytes > 0 ? null : 0,
    };
    return { reducedSessions: this.reducedSessions, refusedSessions: this.refusedSessions, rank0 };
  }
}
