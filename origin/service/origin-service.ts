import { formatAddress, type Address } from '../../runtime/address.ts';
import { openAdmin, type Admin } from '../../runtime/admin.ts';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { HttpFront } from '../../runtime/http-front.ts';
import type { RunningService } from '../../runtime/service.ts';
import type { OriginSink } from '../policy/contract.ts';
import { LiveOrigin } from '../policy/live-origin.ts';
import { IngestSide } from './ingest-side.ts';
import type { OriginConfig } from './origin-config.ts';
import { OriginDriver } from './origin-driver.ts';
import { OriginMetrics } from './origin-metrics.ts';
import { ReadSide } from './read-side.ts';
import type { StoredBody } from './stored-body.ts';

const CLOSE_GRACE_MS = 2000;

/** Starts the live origin. @throws BadInput when a listener cannot be opened */
export async function startOrigin(config: OriginConfig): Promise<RunningService> {
  const { log } = config;
  const bodies = new Map<number, StoredBody>();
  const sink: OriginSink = {
    serve: (readId, bodyId, lifetimeMs) => readSide.serve(readId, bodyId, lifetimeMs),
    wait: (readId) => readSide.wait(readId),
    refuse: (readId, refusal) => readSide.refuse(readId, refusal),
    taken: (ingestId, outcome) => ingestSide.taken(ingestId, outcome),
    rejected: (ingestId, reason, detail) => ingestSide.rejected(ingestId, reason, detail),
    drop: (bodyId, cause) => {
      bodies.delete(bodyId);
      metrics.dropped.inc({ cause });
    },
  };
  const driver = new OriginDriver(
    new LiveOrigin(config.pipelines, { ...config, maxStoredBytes: config.maxMemoryBytes }, sink),
  );
  const metrics = new OriginMetrics(config.id, driver.machine);
  const ingestSide = new IngestSide(config, driver, metrics, bodies);
  const readSide = new ReadSide(driver, metrics, bodies);

  const ingest = (exchange: HttpExchange) => ingestSide.handle(exchange);
  const read = (exchange: HttpExchange) => readSide.handle(exchange);
  const both = (exchange: HttpExchange) => (exchange.path.startsWith('/ingest/') ? ingest : read)(exchange);
  let draining = false;
  const fronts: HttpFront[] = [];
  const open = async (address: Address, raw: (exchange: HttpExchange) => void) => {
    const front = new HttpFront({ address, raw, onError: (error, where) => log.error({ err: error, where }, 'bug') });
    const bound = await front.open();
    fronts.push(front);
    return `http://${formatAddress(bound)}`;
  };

  let admin: Admin | undefined;
  const urls: Record<string, string> = {};
  const close = async () => {
    readSide.dismissAll();
    await Promise.all(fronts.map((front) => front.close(CLOSE_GRACE_MS)));
    driver.close();
    await admin?.close();
  };
  try {
    urls.listen = await open(config.listen, config.ingest ? read : both);
    urls.ingest = config.ingest ? await open(config.ingest, ingest) : urls.listen;
    if (config.admin) {
      admin = await openAdmin({
        address: config.admin,
        token: config.adminToken,
        registry: metrics.registry,
        readiness: () => (draining ? 'draining' : null),
        onDrain: () => {
          draining = true;
        },
      });
      urls.admin = admin.url;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urls,
    drain: async () => {
      draining = true;
    },
    close,
  };
}
