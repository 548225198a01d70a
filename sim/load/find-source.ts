import { parseLivePath } from '../../topology/model/event.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import type { ServerSource } from './load.ts';

export type FoundSource =
  | { kind: 'ok'; source: ServerSource; eventId: string }
  /** the rest of a line that begins with the URL */
  | { kind: 'problem'; problem: string };

const PROBE_TIMEOUT_MS = 3_000;
/** A ranking is some kilobytes. */
const MAX_ANSWER_BYTES = 1 << 20;

/**
 * What a URL means to a load: `http://host/live/<event>/` is a server to fetch from, `http://host/` steering, if it
 * answers as steering does, else a server.
 */
export async function findSource(url: URL, eventId: string): Promise<FoundSource> {
  if (url.pathname !== '/') {
    const path = parseLivePath(`${url.pathname.replace(/\/$/, '')}/event.json`);
    if (path?.kind === 'event') {
      return { kind: 'ok', source: { serverUrl: url.origin }, eventId: path.eventId };
    }
    return {
      kind: 'problem',
      problem: 'write steering as http://host:port, or a server as http://host:port/live/<event>/',
    };
  }
  const answer = await probe(`${url.origin}/v1/servers?path=/live/${eventId}/master.m3u8`);
  if (answer.kind === 'problem') return answer;
  const source = answer.isSteering ? { steeringUrl: url.origin } : { serverUrl: url.origin };
  return { kind: 'ok', source, eventId };
}

type Probe = { kind: 'ok'; isSteering: boolean } | { kind: 'problem'; problem: string };

async function probe(url: string): Promise<Probe> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), redirect: 'manual' });
    body = await readBounded(response);
  } catch (error) {
    const { message, cause } = error as Error;
    return { kind: 'problem', problem: `nothing answers there (${cause instanceof Error ? cause.message : message})` };
  }
  if (response.status >= 500) return { kind: 'problem', problem: `it answers ${response.status} to /v1/servers` };
  return { kind: 'ok', isSteering: response.status === 200 && isServersAnswer(body) };
}

/** @throws Error when it is longer than any ranking */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function isServersAnswer(body: string): boolean {
  try {
    return serversAnswerSchema.safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}
