import { openAdmin, type Admin } from '../../runtime/admin.ts';
import { formatAddress, parseAddress, parseOrigin } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { HttpFront } from '../../runtime/http-front.ts';
import type { Log } from '../../runtime/log.ts';
import { createRegistry } from '../../runtime/metrics.ts';
import type { RunningService } from '../../runtime/service.ts';
import { Upstream } from '../../runtime/upstream.ts';
import { EdgeMachine } from '../policy/machine.ts';
import type { SourceLayout } from '../policy/sources.ts';
import type { EdgeConfig } from './edge-config.ts';
import { registerEdgeMetrics } from './edge-metrics.ts';
import { EdgeNode, type FillGate } from './edge-node.ts';
import { NodeReporter } from './node-reporter.ts';
import { openRecorder } from './recorder.ts';

/** More neighbours than this are not a site. */
const SITE_MAX = 24;
const DRAIN_MS = 5000;

export interface RunningEdge extends RunningService {
  node: EdgeNode;
}

/** Starts an edge (or, with a gate, a shield). @throws BadInput for a configuration that cannot be run */
export async function startEdge(config: EdgeConfig, log: Log, gate?: FillGate): Promise<RunningEdge> {
  const upstreams = config.upstreams.map((url) => new Upstream(parseOrigin(url, 'upstreams'), config.localAddress));
  const neighbours = new Map(
    Object.entries(config.neighbours).map(([id, url]) => [
      id,
      new Upstream(parseOrigin(url, `neighbours.${id}`), config.localAddress),
    ]),
  );
  if (neighbours.has(config.id)) throw new BadInput(`neighbours: "${config.id}" is this node itself; leave it out`);
  if (neighbours.size + upstreams.length > SITE_MAX)
    throw new BadInput(`neighbours: at most ${SITE_MAX} with the upstreams`);
  const layout: SourceLayout = {
    self: config.id,
    site: neighbours.size > 0 ? [config.id, ...neighbours.keys()] : [],
    upstreams: upstreams.length,
  };
  const recorder = config.record === undefined ? null : openRecorder(config.record, config.policy, layout, log);
  const node = new EdgeNode({
    id: config.id,
    upstreams,
    neighbours,
    tiers: new Set([...config.tiers, ...neighbours.keys()]),
    countAgent: config.countAgent,
    gate,
    log,
    makeMachine: recorder ? recorder.makeMachine : (sink) => new EdgeMachine(config.policy, layout, sink),
  });

  const address = parseAddress(config.listen, '--listen');
  const front = new HttpFront({
    address,
    raw: node.handle,
    onError: (error, where) => log.error({ err: error, where }, 'handler failed'),
  });
  const bound = await front.open();
  const listenUrl = `http://${formatAddress(bound)}`;
  let draining = false;

  const reporter = new NodeReporter(
    {
      identity: {
        id: config.id,
        role: config.role,
        site: config.site,
        url: config.publicUrl ?? listenUrl,
        capacityBps: config.capacityBps,
      },
      state: () => (draining ? 'draining' : 'up'),
      reservedBps: () => node.reservedBps(),
      totals: () => ({
        egressBytes: node.egress.bytes.viewer + node.egress.bytes.rehearsal + node.egress.bytes.tier,
        requests: node.egress.answers.viewer + node.egress.answers.rehearsal + node.egress.answers.tier,
        errors: node.refusals.errors,
        connections: front.inFlight,
      }),
    },
    config.reportTo,
    config.reportKey,
    log,
  );
  if (config.reportTo.length > 0) reporter.start();

  const drain = async () => {
    if (draining) return;
    draining = true;
    log.info('draining');
    if (config.reportTo.length > 0) reporter.report();
  };
  const registry = createRegistry(config.role, config.id);
  registerEdgeMetrics(registry, node);
  let admin: Admin | null = null;
  try {
    admin = config.admin === undefined ? null : await openEdgeAdmin(config, registry, node, () => draining, drain);
  } catch (error) {
    reporter.stop();
    node.close();
    await front.close(0);
    throw error;
  }

  return {
    node,
    urls: { listen: listenUrl, ...(admin ? { admin: admin.url } : {}) },
    drain,
    async close() {
      await front.close(DRAIN_MS);
      reporter.stop();
      node.close();
      await admin?.close();
      recorder?.close();
    },
  };
}

function openEdgeAdmin(
  config: EdgeConfig,
  registry: ReturnType<typeof createRegistry>,
  node: EdgeNode,
  draining: () => boolean,
  drain: () => Promise<void>,
): Promise<Admin> {
  return openAdmin({
    address: parseAddress(config.admin!, '--admin'),
    token: config.adminToken,
    registry,
    readiness: () => (draining() ? 'draining' : null),
    onDrain: () => void drain(),
    onPurge: (path) => node.purge(path),
    snapshots: { '/state': () => snapshot(config, node) },
  });
}

/** The counters as JSON, for tables and tests. */
function snapshot(config: EdgeConfig, node: EdgeNode) {
  const { machine, egress } = node;
  return {
    id: config.id,
    site: config.site,
    role: config.role,
    ...machine.stats,
    open: machine.open,
    waiting: machine.waiting,
    fillsInFlight: machine.fillsInFlight,
    arrivingBytes: machine.arrivingBytes,
    storedObjects: machine.storedCount,
    storedBytes: machine.storedBytes,
    upstreamBytes: node.upstreamBytes,
    egressBytes: egress.bytes,
    answers: egress.answers,
    answersCut: egress.cut,
    refusals: Object.fromEntries(node.refusals.byReason),
    fillFailures: Object.fromEntries(machine.failures),
  };
}
