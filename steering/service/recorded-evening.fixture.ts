import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { AMERICAN, ask, GERMAN, NODES } from './steering.fixture.ts';

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-record-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Nodes and players of a steering service that records, over sockets. */
export class Evening {
  /** that were asked for */
  decisions = 0;
  readonly #url: string;
  readonly #admin: string;
  #sequence = 0;

  constructor({ url, admin }: { url: string; admin: string }) {
    this.#url = url;
    this.#admin = admin;
  }

  /** Some viewers while servers report, drain and fill up. */
  async pass(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await this.report(round === 2 ? ['fra-1', 'fra-2'] : [], round * 2.8e8);
      for (let viewer = 0; viewer < 6; viewer++) await this.view(`v${round}${'x'.repeat(viewer)}`);
      for (let told = 0; told < 10; told++) await this.tell(`v${told}`, told % 3 === 0 ? 503 : 200);
    }
  }

  /** All nodes report; some say that they are draining. */
  async report(draining: readonly string[] = [], reservedBps = 0): Promise<void> {
    this.#sequence++;
    for (const id of NODES) {
      const state = draining.includes(id) ? 'draining' : 'up';
      const load = {
        egressBps: reservedBps / 2,
        reservedBps,
        capacityBps: 1e9,
        connections: 1,
        requestsPerSecond: 7.25,
      };
      const health = { errorShare: 0.001, eventLoopDelayMs: 1.5, sequence: this.#sequence, state };
      const body = { id, role: 'edge', site: id.slice(0, 3), url: 'http://127.0.0.11:8080', ...load, ...health };
      const answer = await ask(`${this.#url}/v1/nodes/${id}/report`, { method: 'POST', body: JSON.stringify(body) });
      if (answer.status !== 204) throw new Error(`${answer.status} ${answer.body}`);
    }
  }

  /** A viewer begins and asks again, by every way there is. @returns the statuses */
  async view(name: string): Promise<number[]> {
    const ip = name.length % 2 === 0 ? GERMAN : AMERICAN;
    const paths = [
      `/play/demo.m3u8?session=${name}&ip=${ip}`,
      `/v1/steer/hls?event=demo&session=${name}&ip=${ip}&pathways=fra-1,nyc-1&_HLS_pathway=fra-1`,
      `/v1/servers?path=/vod/film/v1/1.m4s&session=${name}&ip=${ip}&bitrate=3000000`,
      `/v1/servers?path=/live/demo/&ip=${ip}`,
    ];
    this.decisions += paths.length;
    const answers = await Promise.all(paths.map((path) => ask(`${this.#url}${path}`)));
    return answers.map(({ status }) => status);
  }

  /** A player tells of an answer. */
  async tell(name: string, status: number): Promise<void> {
    const body = `e=rr,rc=${status},url="http://127.0.0.11:8080/live/demo/v1/7.m4s",sid="${name}",ttfb=20,ttlb=90,sta=p`;
    const headers = { 'Content-Type': 'application/cmcd' };
    await ask(`${this.#url}/v1/cmcd?ip=${GERMAN}`, { method: 'POST', headers, body });
  }

  /** Lines of the record so far. */
  async lines(outcome: 'written' | 'lost'): Promise<number> {
    const { body } = await ask(`${this.#admin}/metrics`);
    const found = new RegExp(`record_lines_total\\{outcome="${outcome}",[^}]*\\} (\\d+)`).exec(body);
    return Number(found?.[1] ?? 0);
  }
}
