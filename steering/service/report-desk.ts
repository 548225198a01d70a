import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Log } from '../../runtime/log.ts';
import { SeldomLog } from '../../runtime/seldom-log.ts';
import { nodeReportSchema, type NodeReport } from '../../topology/model/node-report.ts';
import type { Sites } from '../../topology/model/site.ts';
import type { NodeTable, ReportRefusal } from '../policy/health/node-table.ts';
import { respondJson, respondNothing } from './answer.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export type RefusalReason =
  ReportRefusal | 'unauthorized' | 'too-large' | 'not-json' | 'bad-report' | 'id-mismatch' | 'wrong-method';

const MOST_BODY_BYTES = 16 * 1024;

const STATUS: Record<RefusalReason, number> = {
  'unknown-node': 404,
  'not-an-edge': 409,
  'other-site': 409,
  unauthorized: 401,
  'too-large': 413,
  'not-json': 400,
  'bad-report': 400,
  'id-mismatch': 400,
  'wrong-method': 405,
};

export interface ReportDeskOptions {
  sites: Sites;
  nodes: NodeTable;
  metrics: SteeringMetrics;
  log: Log;
  /** monotonic */
  nowMs: () => number;
}

/** Takes in what nodes tell, `POST /v1/nodes/<id>/report`. Whatever is refused has a reason, is counted, changes nothing. */
export class ReportDesk {
  readonly #options: ReportDeskOptions;
  /** digests, so that comparing takes the same time whatever the lengths; null: the node needs no token */
  readonly #tokens = new Map<string, Buffer | null>();
  readonly #log: SeldomLog;

  constructor(options: ReportDeskOptions) {
    this.#options = options;
    this.#log = new SeldomLog(options.log, options.nowMs);
    const { sites, reportToken } = options.sites;
    for (const edge of sites.flatMap(({ edges }) => edges)) {
      const token = edge.reportToken ?? reportToken;
      this.#tokens.set(edge.id, token === undefined ? null : digest(token));
    }
  }

  take(exchange: HttpExchange, nodeId: string): void {
    const token = this.#tokens.get(nodeId);
    if (exchange.method !== 'POST') this.#refuse(exchange, nodeId, 'wrong-method', 'POST it', 'Allow: POST, OPTIONS');
    else if (token === undefined) this.#refuse(exchange, nodeId, 'unknown-node', 'not in the sites file');
    else if (token !== null && !showsToken(exchange, token)) {
      const detail = 'Authorization: Bearer with the reportToken of the sites file';
      this.#refuse(exchange, nodeId, 'unauthorized', detail, 'WWW-Authenticate: Bearer');
    } else {
      exchange.hold(() => {});
      exchange.readBody(MOST_BODY_BYTES, (body) => this.#read(exchange, nodeId, body));
    }
  }

  #read(exchange: HttpExchange, nodeId: string, body: Uint8Array | null): void {
    if (body === null) return this.#refuse(exchange, nodeId, 'too-large', `at most ${MOST_BODY_BYTES} bytes`);
    let plain: unknown;
    try {
      plain = JSON.parse(Buffer.from(body).toString('utf8'));
    } catch {
      return this.#refuse(exchange, nodeId, 'not-json', 'the body is not JSON');
    }
    const checked = nodeReportSchema.safeParse(plain);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return this.#refuse(exchange, nodeId, 'bad-report', `${issue!.path.join('.') || 'report'}: ${issue!.message}`);
    }
    this.#enter(exchange, nodeId, checked.data);
  }

  #enter(exchange: HttpExchange, nodeId: string, report: NodeReport): void {
    if (report.id !== nodeId) {
      return this.#refuse(exchange, nodeId, 'id-mismatch', 'the id in the path is not the one in the report');
    }
    const refusal = this.#options.nodes.report(report, this.#options.nowMs());
    if (refusal !== null) {
      return this.#refuse(
        exchange,
        nodeId,
        refusal,
        `role ${report.role}, site ${report.site}: not as in the sites file`,
      );
    }
    this.#options.metrics.reports.inc({ outcome: 'accepted' });
    this.#answered(204);
    respondNothing(exchange);
  }

  #refuse(exchange: HttpExchange, node: string, reason: RefusalReason, detail: string, extra = ''): void {
    this.#options.metrics.reports.inc({ outcome: reason });
    this.#answered(STATUS[reason]);
    this.#log.warn({ node, reason, detail }, 'report refused');
    respondJson(exchange, STATUS[reason], { error: reason, detail }, extra);
  }

  #answered(status: number): void {
    this.#options.metrics.requests.inc({ route: 'report', status });
  }
}

function showsToken(exchange: HttpExchange, wanted: Buffer): boolean {
  const given = /^Bearer +(\S{1,256})$/i.exec(exchange.head.get('authorization') ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), wanted);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
