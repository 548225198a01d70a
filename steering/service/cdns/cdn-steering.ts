import { BadInput } from '../../../runtime/bad-input.ts';
import type { RunningService } from '../../../runtime/service.ts';
import { loadCdns } from '../../../topology/load/cdns-file.ts';
import { loadCountryPositions } from '../../../topology/load/country-positions.ts';
import type { Cdns } from '../../../topology/model/cdns.ts';
import { parseAddress } from '../../../topology/model/ip-address.ts';
import type { Site } from '../../../topology/model/site.ts';
import { accessNetworkOf } from '../../policy/location/access-network.ts';
import { CdnHealth, type PlayersOpinion } from '../../policy/cdns/cdn-health.ts';
import { CdnMonth } from '../../policy/cdns/cdn-month.ts';
import { TB_BYTES } from '../../policy/cdns/cdn-price.ts';
import { CdnRanking, type CdnStates } from '../../policy/cdns/cdn-ranking.ts';
import { CdnTraffic } from '../../policy/cdns/cdn-traffic.ts';
import type { CmcdEvent } from '../../policy/health/cmcd-events.ts';
import { DEFAULT_PLAYERS } from '../../policy/health/health-config.ts';
import { monthAt } from '../../policy/cdns/month.ts';
import { PlayerHealth } from '../../policy/health/player-health.ts';
import { ServerHosts } from '../../policy/health/server-hosts.ts';
import { CaseDesk } from '../case-desk.ts';
import { ClientAddressReader } from '../client-address.ts';
import { CmcdDesk } from '../cmcd-desk.ts';
import { CmcdMetrics } from '../cmcd-metrics.ts';
import { LocationSources, type LocationFiles } from '../location-sources.ts';
import { PlayerDesk } from '../player-desk.ts';
import { Routes } from '../routes.ts';
import { SessionRanking, type SessionRankingOptions } from '../session-ranking.ts';
import { SteeringMetrics } from '../steering-metrics.ts';
import { openSteering, type ShellConfig, type ShellParts } from '../steering-shell.ts';
import { CdnBases } from './cdn-bases.ts';
import { CdnDesk } from './cdn-desk.ts';
import { explainRoute } from './cdn-explain.ts';
import { readLedger, type Ledger } from './cdn-ledger.ts';
import { CdnMetrics } from './cdn-metrics.ts';
import { CdnProber } from './cdn-prober.ts';
import { CdnWatch } from './cdn-watch.ts';
import { guardedLookup } from './guarded-lookup.ts';
import { ManifestStore } from './manifest-store.ts';

export interface CdnSteeringConfig extends ShellConfig, LocationFiles {
  /** in metrics and logs */
  id: string;
  /** YAML, see topology/model/cdns.ts */
  cdnsFile: string;
  /** where the month's account is kept over a restart; without it that begins at nothing, or at the file's `delivered` */
  ledgerFile?: string | undefined;
  trustedProxies: readonly string[];
  /** for tests: a request may name the client's address itself */
  allowIpParameter: boolean;
  /** for player developers: a request may ask for a wrong answer */
  testCases?: boolean | undefined;
  /** monotonic */
  nowMs?: (() => number) | undefined;
  /** Unix time */
  wallMs?: (() => number) | undefined;
}

/** Sessions ask each 10 to 30 s, and half a minute more may pass in a player that is paused for a moment. */
const KEEP_MS = 60_000;
/** What players tell becomes shares. */
const SETTLE_EVERY_MS = 1000;
/** An estimate that knows no limit of a CDN still needs a number where servers have one. */
const NO_LIMIT_BPS = 1e13;

/** Nothing is encoded at more. */
const MOST_KBPS = 1e6;

const PLAY = /^\/play\/([A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(?:m3u8|mpd))$/;
const REDIRECT = /^\/r\/(.*)$/s;

/** Starts steering between other people's CDNs. @throws BadInput when the configuration cannot be used */
export function startCdnSteering(config: CdnSteeringConfig): Promise<RunningService> {
  return openSteering(config, (publicUrl) => assemble(config, publicUrl));
}

async function assemble(config: CdnSteeringConfig, publicUrl: () => string): Promise<ShellParts> {
  const { log, ledgerFile, nowMs = () => performance.now(), wallMs = () => Date.now() } = config;
  const addresses = new ClientAddressReader(config.trustedProxies, config.allowIpParameter);
  const cdns = readCdns(config.cdnsFile);
  const bases = new CdnBases(cdns);
  checkManifests(cdns, bases, config.cdnsFile);
  const month = monthOf(cdns, ledgerFile === undefined ? null : readLedger(ledgerFile), config.cdnsFile, wallMs());
  const locator = await LocationSources.open({
    files: config,
    // Clients are located for footprints; there are no sites of ours to put in order.
    sites: [],
    sitesFile: config.cdnsFile,
    policy: 'nearest',
    countries: loadCountryPositions(),
    needsSubdivisions: true,
    log,
  });

  const health = cdns.cdns.map(() => new CdnHealth(cdns.probes));
  const told = new PlayerHealth(Int32Array.from(health.keys()), DEFAULT_PLAYERS, nowMs());
  const opinionOf = (cdn: number): PlayersOpinion => ({ score: told.shareAt(cdn), reasons: ['players-fail'] });
  const states: CdnStates = {
    verdictAt: (cdn, now) => health[cdn]!.verdict(now, opinionOf(cdn)),
    pathShareAt: (network, cdn) => told.pathShareAt(network, cdn),
  };
  const keepMs = { short: KEEP_MS, long: cdns.balance.redirectedSeconds * 1000 };
  const traffic = new CdnTraffic(cdns.cdns.length, keepMs, cdns.balance.instances, nowMs());
  const cdnRanking = new CdnRanking(cdns, { states, traffic, monthBytes: (cdn) => month.bytes(cdn) });
  const numbers = new Map(cdns.cdns.map(({ id }, number) => [id, number]));
  const metrics = new SteeringMetrics(config.id, sitesOf(cdns), (id) => states.verdictAt(numbers.get(id)!, nowMs()));
  const cdnMetrics = new CdnMetrics(metrics.registry, () => watch.states());
  const lookup = guardedLookup(cdns.privateAddresses);
  const isDown = (id: string) => states.verdictAt(numbers.get(id)!, nowMs()).standing === 'down';
  const manifests = new ManifestStore({
    lookup,
    nowMs,
    elsewhere: (url) => elsewhere(url, cdns, bases, isDown),
    onFetched: (outcome) => cdnMetrics.manifestFetches.inc({ outcome }),
  });
  const prober = new CdnProber({
    cdns,
    health,
    lookup,
    nowMs,
    onProbed: (cdn, failure) => cdnMetrics.probes.inc({ cdn, outcome: failure === null ? 'well' : 'failed' }),
  });

  const watch = new CdnWatch({
    ...{ cdns, states, traffic, month, ledgerFile, log, nowMs, wallMs },
    ranking: cdnRanking,
    failureOf: (cdn) => prober.failureOf(cdn),
  });

  const cases = new CaseDesk({ enabled: config.testCases ?? false, metrics });
  const ranking = new SessionRanking({ ranking: byNetwork(cdnRanking), locator, metrics, nowMs });
  const asked = { ranking, addresses, metrics, publicUrl };
  const baseUrlOf = (id: string) => cdns.cdns[numbers.get(id) ?? -1]?.baseUrl;
  const players = new PlayerDesk({ ...asked, cases, baseUrlOf });
  const cmcd = new CmcdDesk({
    hosts: new ServerHosts(sitesOf(cdns)),
    tell: (cdn, network, client, sign, atMs) => told.told(cdn, network, client, sign, atMs),
    onEvent: (event) => measure(event, traffic, nowMs()),
    metrics: new CmcdMetrics(metrics.registry),
    ...{ locator, addresses, log, nowMs },
  });
  const settling = setInterval(() => told.settle(nowMs()), SETTLE_EVERY_MS).unref();
  const desk = new CdnDesk({ ...asked, cdns, bases, manifests, log });
  return {
    routes: new Routes(
      [
        { name: 'servers', path: '/v1/servers', handle: (exchange) => players.servers(exchange) },
        { name: 'steer-hls', path: '/v1/steer/hls', handle: (exchange) => players.steer(exchange, 'hls') },
        { name: 'steer-dash', path: '/v1/steer/dash', handle: (exchange) => players.steer(exchange, 'dash') },
        { name: 'manifest', path: '/v1/manifest', handle: (exchange) => desk.manifest(exchange) },
        { name: 'play', path: PLAY, handle: (exchange, file) => desk.play(exchange, file) },
        { name: 'redirect', path: REDIRECT, handle: (exchange, path) => desk.redirect(exchange, path) },
        { name: 'cmcd', path: '/v1/cmcd', methods: ['POST'], handle: (exchange) => cmcd.take(exchange) },
        { name: 'cases', path: '/v1/cases', handle: (exchange) => cases.list(exchange) },
      ],
      (route, status) => metrics.requests.inc({ route, status }),
    ),
    registry: metrics.registry,
    adminRoutes: [explainRoute(cdnRanking, locator, nowMs)],
    snapshots: { '/state': () => ({ cdns: watch.states(), sessions: traffic.sessions, inputs: locator.states() }) },
    close: () => {
      clearInterval(settling);
      prober.close();
      locator.close();
      cases.close();
      manifests.close();
      watch.close();
    },
  };
}

/** A session whose player has our name of it as its `sid` counts with the bitrate of its video. */
function measure({ sid, br, ot }: CmcdEvent, traffic: CdnTraffic, nowMs: number): void {
  if (sid === undefined || br === undefined || (ot !== 'v' && ot !== 'av')) return;
  if (br >= 1 && br <= MOST_KBPS) traffic.measured(sid, br * 1000, nowMs);
}

/** What players of a network tell counts for its clients. */
function byNetwork(ranking: CdnRanking): SessionRankingOptions['ranking'] {
  return {
    rank: ({ asn = null, address = '', ...request }, nowMs) => {
      const parsed = parseAddress(address);
      const words = parsed.kind === 'address' ? parsed.words : [];
      const { subscriber, country } = request;
      const network = accessNetworkOf({ subscriber, asn, country }, words);
      return ranking.rank({ ...request, asn, address, network }, nowMs);
    },
  };
}

function readCdns(file: string): Cdns {
  const outcome = loadCdns(file);
  if (outcome.kind === 'bad') throw new BadInput(`--cdns ${outcome.reason}`);
  return outcome.cdns;
}

function checkManifests({ manifests }: Cdns, bases: CdnBases, file: string): void {
  for (const { name, url } of manifests) {
    if (URL.canParse(url) && bases.locate(new URL(url)) !== null) continue;
    const mend = URL.canParse(url) ? `add ${new URL(url).origin} to sources` : 'it is no URL';
    throw new BadInput(`--cdns ${file}: manifests: ${name}: ${url} is at no CDN or source of the file; ${mend}`);
  }
}

/** What is known of the month so far: of the ledger and what the CDN itself says, the newer. */
function monthOf({ cdns }: Cdns, ledger: Ledger | null, file: string, wallMs: number): CdnMonth {
  const month = new CdnMonth(
    cdns.map(({ id }) => id),
    wallMs,
  );
  if (ledger !== null) month.restore(ledger);
  cdns.forEach(({ id, delivered }, cdn) => {
    if (delivered === undefined) return;
    const atMs = Date.parse(delivered.at);
    if (atMs > wallMs) throw new BadInput(`--cdns ${file}: cdns: ${id}: delivered.at (${delivered.at}) is yet to come`);
    const isOfThisMonth = monthAt(atMs).month === monthAt(wallMs).month;
    if (isOfThisMonth && atMs > (ledger?.savedMs ?? -Infinity)) month.correct(cdn, delivered.TB * TB_BYTES);
  });
  return month;
}

/** As desks and metrics know servers: each CDN a site with one. */
function sitesOf({ cdns }: Cdns): Site[] {
  return cdns.map(({ id, baseUrl, maxBps = NO_LIMIT_BPS }) => ({
    id,
    country: 'ZZ',
    latitude: 0,
    longitude: 0,
    kind: 'ix',
    edges: [{ id, url: baseUrl, capacityBps: maxBps }],
  }));
}

/** The sources, and CDNs that are not down, which have every resource. */
function elsewhere(url: URL, { cdns, sources }: Cdns, bases: CdnBases, isDown: (id: string) => boolean): URL[] {
  const resource = bases.locate(url);
  if (resource === null) return [];
  const { path, search } = resource;
  return [
    ...sources.map((source) => `${source}${path}${search}`),
    ...cdns.filter(({ id }) => !isDown(id)).map(({ id }) => bases.at(id, resource)),
  ].map((text) => new URL(text));
}
