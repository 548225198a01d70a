import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchFailure } from './bench-failure.ts';
import { BROWSER_FIELDS } from './browser-request.ts';
import type { Workplace } from './workplace.ts';

export const CONNECTIONS = 64;

/** What one run of wrk saw. */
export interface WrkResult {
  requests: number;
  durationUs: number;
  /** heads and bodies, those of answers that were cut off by the end of the run included */
  bytes: number;
  p50Us: number;
  p99Us: number;
  /** sockets that failed to connect, read or write, answers of 400 and above, time-outs */
  errors: number;
}

const MARK = 'undercard-bench ';

/** wrk prints latencies rounded and with changing units; its own script can print them exactly. */
export function wrkScript(): string {
  return `${BROWSER_FIELDS.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`).join('\n')}

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '${MARK}{"requests":%d,"durationUs":%d,"bytes":%d,"p50Us":%d,"p99Us":%d,"errors":%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** Finds the script's line in what wrk printed; null when it is not there or not whole. */
export function parseWrkOutput(output: string): WrkResult | null {
  const line = output.split('\n').find((text) => text.startsWith(MARK));
  if (line === undefined) return null;
  let read: Partial<Record<keyof WrkResult, unknown>>;
  try {
    read = JSON.parse(line.slice(MARK.length)) as typeof read;
  } catch {
    return null;
  }
  const { requests, durationUs, bytes, p50Us, p99Us, errors } = read;
  const all = [requests, durationUs, bytes, p50Us, p99Us, errors];
  return all.every((value) => typeof value === 'number' && Number.isFinite(value)) ? (read as WrkResult) : null;
}

/**
 * One run: one thread, 64 connections, on the load's core.
 * @param more Lua that makes requests of its own (`request`); without it the URL is asked for each time
 * @throws BenchFailure
 */
export async function runWrk(place: Workplace, url: URL, seconds: number, more = ''): Promise<WrkResult> {
  const script = join(place.dir, 'browser.lua');
  writeFileSync(script, wrkScript() + more);
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '5s', '--latency', '-s', script, url.href];
  const output = await place.run('wrk', place.cores.load, 'wrk', args, (seconds + 15) * 1000);
  const result = parseWrkOutput(output);
  if (result === null || result.requests === 0) {
    throw new BenchFailure(`wrk ${url.href}: no result; it printed: ${output.trim().slice(-300) || 'nothing'}`);
  }
  return result;
}

/** What the servers counted while wrk ran. */
export interface Witness {
  /** bytes of one right answer, head and body, as seen just before */
  answerBytes: number;
  /** answers from storage (the edge), or requests (nginx), by the server's own count */
  servedCount: number;
  originRequests: number;
}

/** Field values such as Age and ttl change by a few digits from answer to answer. */
const HEAD_SLACK_BYTES = 16;

/**
 * Whether a run measured what it says: whole 200 answers, from storage. wrk does not look at bodies, and a callback for
 * each answer would slow it; but answers of any other kind (304, 502, a redirect, a short body) have other sizes.
 * @returns what is wrong, or null
 */
export function doubtIn(result: WrkResult, witness: Witness): string | null {
  const { requests, bytes, errors } = result;
  const { answerBytes, servedCount, originRequests } = witness;
  // When the time is up every connection has an answer on its way that is not counted as a request.
  const requestsMax = requests + CONNECTIONS;
  if (errors > 0) return `wrk counted ${errors} errors (connections, time-outs, status 400 and above)`;
  if (bytes < requests * (answerBytes - HEAD_SLACK_BYTES) || bytes > requestsMax * (answerBytes + HEAD_SLACK_BYTES)) {
    const mean = Math.round(bytes / requests);
    return `${mean} bytes an answer where a whole 200 has ${answerBytes}: not every answer was one`;
  }
  if (!(servedCount >= requests && servedCount <= requestsMax)) {
    return `the server counted ${servedCount} answers from storage, wrk ${requests}`;
  }
  if (originRequests > 0) return `${originRequests} requests went to the origin: these were not all hits`;
  return null;
}
