import { formatAddress, isLoopback, type Address } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import type { RunningService } from '../../runtime/service.ts';
import { loadCountryPositions } from '../../topology/load/country-positions.ts';
import { loadSites } from '../../topology/load/sites-file.ts';
import type { Position, Sites } from '../../topology/model/site.ts';
import { makePolicies } from '../policy/record/recorded-policies.ts';
import { ServerHosts } from '../policy/health/server-hosts.ts';
import type { SteeringPolicyConfig } from '../policy/steering-config.ts';
import { CaseDesk } from './case-desk.ts';
import { ClientAddressReader } from './client-address.ts';
import { CmcdDesk } from './cmcd-desk.ts';
import { CmcdMetrics } from './cmcd-metrics.ts';
import { EventDocuments } from './event-documents.ts';
import { ExplainDesk } from './explain/explain-desk.ts';
import { HealthMetrics } from './health-metrics.ts';
import { LocationSources, type LocationFiles } from './location-sources.ts';
import { ManifestDesk } from './manifest-desk.ts';
import { NodeWatch } from './node-watch.ts';
import { PlayerDesk } from './player-desk.ts';
import { Prober } from './prober.ts';
import { Recording, type RecordConfig } from './recording.ts';
import { ReportDesk } from './report-desk.ts';
import { Routes } from './routes.ts';
import { SessionRanking } from './session-ranking.ts';
import { SteeringMetrics } from './steering-metrics.ts';
import { openSteering, type ShellConfig } from './steering-shell.ts';

export interface SteeringConfig extends ShellConfig, LocationFiles {
  /** in metrics and logs */
  id: string;
  /** YAML, see topology/model/site.ts */
  sitesFile: string;
  /** an origin or an edge that has /live/<event>/event.json */
  eventsFrom: URL;
  /** where clients are taken to be of whom nothing is known; without it they get the sites as they are listed */
  defaultPosition?: Position | undefined;
  /** how often to look whether a file that clients are located by has changed; 0: never */
  watchEveryMs?: number | undefined;
  /** addresses or CIDR blocks whose X-Forwarded-For is believed */
  trustedProxies: readonly string[];
  /** for tests: a request may name the client's address itself */
  allowIpParameter: boolean;
  /** for player developers: a request may ask for a wrong answer (policy/test-cases.ts); off by default */
  testCases?: boolean | undefined;
  /** /explain where players come, too, and not only on the admin listener */
  publicExplain?: boolean | undefined;
  /** how it decides */
  tuning: SteeringPolicyConfig;
  /** every decision, and all that it comes from, into a file (docs/decision-record.md) */
  record?: RecordConfig | undefined;
  /** monotonic */
  nowMs?: (() => number) | undefined;
  /** Unix time */
  wallMs?: (() => number) | undefined;
}

const REPORT = /^\/v1\/nodes\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/report$/;
const PLAY_HLS = /^\/play\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.m3u8$/;
const PLAY_DASH = /^\/play\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.mpd$/;

/** Starts the steering service. @throws BadInput when the configuration cannot be used */
export async function startSteering(config: SteeringConfig): Promise<RunningService> {
  return openSteering(config, async (publicUrl) => {
    const parts = await assemble(config, publicUrl);
    const { watch, sources, events, cases, metrics, explain, prober, recording } = parts;
    return {
      routes: routesOf(parts, config),
      registry: metrics.registry,
      snapshots: { '/state': () => ({ nodes: watch.states(), inputs: sources.states() }) },
      adminRoutes: explain?.adminRoutes() ?? [],
      close: async () => {
        sources.close();
        cases.close();
        events.close();
        watch.close();
        prober.close();
        await recording?.close();
      },
    };
  });
}

interface Parts {
  players: PlayerDesk;
  manifests: ManifestDesk;
  cases: CaseDesk;
  sources: LocationSources;
  reports: ReportDesk;
  cmcd: CmcdDesk;
  prober: Prober;
  metrics: SteeringMetrics;
  events: EventDocuments;
  watch: NodeWatch;
  recording: Recording | null;
  /** null where no listener has it */
  explain: ExplainDesk | null;
}

async function assemble(config: SteeringConfig, publicUrl: () => string): Promise<Parts> {
  const { log, nowMs = () => performance.now(), wallMs = () => Date.now() } = config;
  const addresses = new ClientAddressReader(config.trustedProxies, config.allowIpParameter);
  const sites = await readSites(config.sitesFile);
  refuseOpenReports(config.listen, sites, config.sitesFile);
  const countries = loadCountryPositions();
  const { tuning } = config;
  const metrics = new SteeringMetrics(config.id, sites.sites, (node) => nodes.verdict(node, nowMs()));
  const onFetched = (outcome: string) => metrics.eventFetches.inc({ outcome });
  const events = new EventDocuments({ source: config.eventsFrom, nowMs, onFetched });
  const cases = new CaseDesk({ enabled: config.testCases ?? false, metrics });
  let recording: Recording | null = null;
  const sources = await LocationSources.open({
    ...config,
    files: config,
    sites: sites.sites,
    policy: tuning.policy,
    countries,
    onReading: (input, outcome) => {
      metrics.readings.inc({ input, outcome });
      if (outcome === 'taken') void recording?.changed(input);
    },
  });
  if (config.record !== undefined) recording = await openRecording(config, sites.sites, sources, metrics);
  const { nodes, ranking } = makePolicies(
    { sites: sites.sites, order: sources.order, steering: tuning, nowMs: recording?.nodesFromMs ?? nowMs() },
    recording?.recorder,
  );
  const healthMetrics = new HealthMetrics(metrics.registry, nodes);
  const explained = { sites: sites.sites, places: sources, countries, ranking, nodes, metrics, addresses };
  const isExplained = config.admin !== undefined || config.publicExplain === true;
  const baseUrls = new Map(sites.sites.flatMap(({ edges }) => edges.map(({ id, url }) => [id, url])));
  const asked = {
    ranking: new SessionRanking({ ranking, locator: sources, metrics, nowMs }),
    baseUrlOf: (id: string) => baseUrls.get(id),
    ...{ addresses, cases, metrics, publicUrl },
  };
  return {
    players: new PlayerDesk(asked),
    manifests: new ManifestDesk({ ...asked, events, log, wallMs }),
    cases,
    sources,
    reports: new ReportDesk({ sites, nodes, metrics, log, nowMs }),
    cmcd: new CmcdDesk({
      hosts: new ServerHosts(sites.sites),
      tell: (server, network, client, sign, atMs) => nodes.playerTold(server, network, client, sign, atMs),
      locator: sources,
      metrics: new CmcdMetrics(metrics.registry),
      ...{ addresses, log, nowMs },
    }),
    prober: new Prober({
      id: config.id,
      sites: sites.sites,
      tuning: tuning.probes,
      eventId: () => events.latestId,
      metrics: healthMetrics,
      ...{ nodes, log, nowMs },
    }),
    metrics,
    events,
    watch: new NodeWatch(sites.sites, nodes, nowMs, log),
    recording,
    explain: isExplained ? new ExplainDesk({ id: config.id, ...explained, log, nowMs }) : null,
  };
}

/** Every desk's routes; a new capability adds its own line. */
function routesOf(
  { players, manifests, cases, reports, cmcd, metrics, explain }: Parts,
  { publicExplain }: SteeringConfig,
): Routes {
  return new Routes(
    [
      { name: 'servers', path: '/v1/servers', handle: (exchange) => players.servers(exchange) },
      { name: 'steer-hls', path: '/v1/steer/hls', handle: (exchange) => players.steer(exchange, 'hls') },
      { name: 'steer-dash', path: '/v1/steer/dash', handle: (exchange) => players.steer(exchange, 'dash') },
      { name: 'play-hls', path: PLAY_HLS, handle: (exchange, event) => manifests.play(exchange, 'hls', event) },
      { name: 'play-dash', path: PLAY_DASH, handle: (exchange, event) => manifests.play(exchange, 'dash', event) },
      { name: 'time', path: '/v1/time', handle: (exchange) => manifests.time(exchange) },
      { name: 'cases', path: '/v1/cases', handle: (exchange) => cases.list(exchange) },
      { name: 'cmcd', path: '/v1/cmcd', methods: ['POST'], handle: (exchange) => cmcd.take(exchange) },
      { name: 'report', path: REPORT, methods: 'any', handle: (exchange, node) => reports.take(exchange, node) },
      ...(publicExplain === true ? explain!.publicRoutes() : []),
    ],
    (route, status) => metrics.requests.inc({ route, status }),
  );
}

function openRecording(
  { tuning, record, log, nowMs = () => performance.now(), wallMs = () => Date.now(), ...files }: SteeringConfig,
  sites: Sites['sites'],
  { order }: LocationSources,
  metrics: SteeringMetrics,
): Promise<Recording> {
  const { sitesFile, topologyFile, coverageZonesFile, mmdbFiles = [] } = files;
  const named: [string, string | undefined][] = [
    ['sites', sitesFile],
    ['topology', topologyFile],
    ['coverage-zones', coverageZonesFile],
    ...mmdbFiles.map((file, at): [string, string] => [at === 0 ? 'mmdb' : `mmdb-${at + 1}`, file]),
  ];
  return Recording.open({
    ...record!,
    files: new Map(named.filter((each): each is [string, string] => each[1] !== undefined)),
    steering: tuning,
    onLines: (outcome, lines) => metrics.recordLines.inc({ outcome }, lines),
    ...{ sites, order, log, nowMs, wallMs },
  });
}

async function readSites(file: string): Promise<Sites> {
  const outcome = await loadSites(file);
  if (outcome.kind === 'bad') throw new BadInput(`--sites ${outcome.reason}`);
  return outcome.sites;
}

/** Whoever may report decides where viewers go. */
function refuseOpenReports(listen: Address, { sites, reportToken }: Sites, file: string): void {
  if (isLoopback(listen.host) || reportToken !== undefined) return;
  const open = sites.flatMap(({ edges }) => edges).find((edge) => edge.reportToken === undefined);
  if (open === undefined) return;
  throw new BadInput(
    `--listen ${formatAddress(listen)} is not loopback and anybody could report for ${open.id}: set reportToken in ${file}`,
  );
}
