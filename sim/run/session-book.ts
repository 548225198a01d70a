import { noFailures, type PlayerReport } from '../player/player-report.ts';

/** What sessions lived through, by session, for those that have ended and, at the end, those that have not. */
export class SessionBook {
  readonly place: number[] = [];
  /** viewers who saw a picture, and those whose picture stood still, in any of their sessions */
  readonly played = new Set<number>();
  readonly stalled = new Set<number>();
  /** NaN: it never played */
  readonly startupMs: number[] = [];
  readonly playedMs: number[] = [];
  readonly stallMs: number[] = [];
  readonly stallCount: number[] = [];
  readonly bitrateBps: number[] = [];
  readonly latencyMs: number[] = [];
  /** that most of the session’s bytes came from; −1: none came */
  readonly mainServer: number[] = [];
  readonly failures = noFailures();
  renditionSwitches = 0;
  serverSwitches = 0;
  gaps = 0;
  jumps = 0;
  requests = 0;

  add(viewer: number, place: number, report: PlayerReport): void {
    if (report.startupMs !== null) this.played.add(viewer);
    if (report.stallCount > 0) this.stalled.add(viewer);
    this.place.push(place);
    this.startupMs.push(report.startupMs ?? NaN);
    this.playedMs.push(report.playedMs);
    this.stallMs.push(report.stallMs);
    this.stallCount.push(report.stallCount);
    this.bitrateBps.push(report.meanBitrateBps ?? NaN);
    this.latencyMs.push(report.meanLatencyMs ?? NaN);
    this.mainServer.push(mainServerOf(report));
    for (const cause of Object.keys(this.failures) as (keyof typeof this.failures)[])
      this.failures[cause] += report.failures[cause];
    this.renditionSwitches += report.renditionSwitches;
    this.serverSwitches += report.serverSwitches;
    this.gaps += report.gaps;
    this.jumps += report.jumps;
    this.requests += report.requests;
  }
}

function mainServerOf({ receivedBytesByServer }: PlayerReport): number {
  let main = -1;
  let most = 0;
  for (const [server, bytes] of receivedBytesByServer) {
    if (bytes <= most) continue;
    main = server;
    most = bytes;
  }
  return main;
}
