import { DEFAULT_STEERING } from '../../../steering/policy/steering-config.ts';
import { NodeTable } from '../../../steering/policy/health/node-table.ts';
import { Proximity } from '../../../steering/policy/location/proximity.ts';
import { ServerRanking } from '../../../steering/policy/ranking.ts';
import { siteOrderOf } from '../../../steering/policy/location/site-order.ts';
import type { NodeReport } from '../../../topology/model/node-report.ts';
import type { Site } from '../../../topology/model/site.ts';
import { type Check, chiSquare, estimate, exactly, type Rung } from '../rung.ts';

const SERVERS = 10;
/** Points of one server on its site's ring, as ring.ts has them. */
const POINTS = 160;
const CAPACITY_BPS = 1e9;
/** Long enough for scores to settle at what the reports justify. */
const SETTLING_SECONDS = 20;

/** What is told of a strained server holds for all its sessions: nobody explores, and nobody needs room. */
const TUNING = { ...DEFAULT_STEERING, exploreShare: 0 };
const NEXT_TO_NOTHING_BPS = 1;

/** One site, its servers as they report themselves, and who is first for each session. */
class SteeredSite {
  readonly ids: string[];
  readonly #site: Site;
  readonly #nodes: NodeTable;
  readonly #ranking: ServerRanking;
  #seconds = 0;

  constructor(servers: number, name: string) {
    this.ids = Array.from({ length: servers }, (_, at) => `${name}-${at}`);
    const edges = this.ids.map((id, at) => ({ id, url: `http://127.0.1.${at + 1}:8080`, capacityBps: CAPACITY_BPS }));
    this.#site = { id: name, country: 'DE', latitude: 50, longitude: 8, kind: 'ix', edges };
    this.#nodes = new NodeTable([this.#site], TUNING, 0);
    const sites = [this.#site];
    const order = siteOrderOf('nearest', sites, new Proximity(sites, new Map()), null);
    this.#ranking = new ServerRanking(sites, order, this.#nodes, { tuning: TUNING });
  }

  /** @param loadOf share of its capacity that a server sends; negative: it says nothing */
  report(loadOf: (at: number) => number): void {
    for (let second = 0; second < SETTLING_SECONDS; second++) {
      this.#seconds++;
      for (const [at, edge] of this.#site.edges.entries()) {
        const load = loadOf(at);
        if (load < 0) continue;
        const report: NodeReport = {
          id: edge.id,
          role: 'edge',
          site: this.#site.id,
          url: edge.url,
          state: 'up',
          sequence: this.#seconds,
          egressBps: load * CAPACITY_BPS,
          reservedBps: 0,
          capacityBps: CAPACITY_BPS,
          connections: 0,
          requestsPerSecond: 100,
          errorShare: 0,
          eventLoopDelayMs: 1,
        };
        this.#nodes.report(report, this.#seconds * 1000);
      }
    }
  }

  first(session: number): string {
    const request = {
      country: 'DE',
      client: `session-${session}`,
      path: '/live/event/',
      nominalBps: NEXT_TO_NOTHING_BPS,
    };
    return this.#ranking.rank(request, this.#seconds * 1000).servers[0]!.id;
  }
}

export const steering: Rung = {
  id: 'steering',
  title: 'Steering inside a site',
  source: 'one server is the identity; like servers get like shares; a strained one sheds its own sessions only',
  run({ seed, quick, progress }) {
    const sessions = quick ? 4000 : 20_000;
    const single = new SteeredSite(1, `single-${seed}`);
    single.report(() => 0.1);
    const strangers = count(sessions / 10, (session) => single.first(session) !== single.ids[0]);

    const site = new SteeredSite(SERVERS, `site-${seed}`);
    site.report(() => 0.1);
    const before = Array.from({ length: sessions }, (_, session) => site.first(session));
    progress(0.3);
    const busy = site.ids[3]!;
    // Half-way between what is borne gladly and what is not to be borne.
    site.report((at) => (at === 3 ? (TUNING.busyShare + TUNING.fullShare) / 2 : 0.1));
    const strained = before.map((_, session) => site.first(session));
    progress(0.6);
    site.report((at) => (at === 3 ? -1 : 0.1));
    const dead = before.map((_, session) => site.first(session));

    const own = count(sessions, (session) => before[session] === busy);
    const kept = count(sessions, (session) => before[session] === busy && strained[session] === busy);
    const basis = `${own} sessions`;
    const movedFor = (after: readonly string[]) =>
      count(sessions, (session) => before[session] !== busy && after[session] !== before[session]);
    return [
      exactly('one server: sessions sent elsewhere', 0, strangers),
      evenness(before, site.ids),
      estimate('score ½: share of its sessions that it keeps', 0.5, kept / own, Math.sqrt(0.25 / own), basis),
      exactly('score ½: sessions of others that moved', 0, movedFor(strained)),
      exactly(
        'silent: sessions that it keeps',
        0,
        count(sessions, (session) => dead[session] === busy),
      ),
      exactly('silent: sessions of others that moved', 0, movedFor(dead)),
    ];
  },
};

function evenness(firsts: readonly string[], ids: readonly string[]): Check {
  const freedom = ids.length - 1;
  let spread = 0;
  for (const id of ids) spread += (firsts.filter((first) => first === id).length / firsts.length - 1 / ids.length) ** 2;
  // The ring's own unevenness (Beta) and that of the sessions (multinomial), as in the ring's rung.
  const unit = (1 / ids.length) * (1 / (ids.length * POINTS + 1) + 1 / firsts.length);
  return chiSquare('like servers: unevenness', spread / unit, freedom);
}

function count(length: number, holds: (index: number) => boolean): number {
  let found = 0;
  for (let index = 0; index < length; index++) if (holds(index)) found++;
  return found;
}
