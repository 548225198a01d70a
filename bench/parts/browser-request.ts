import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.ts';
import { BenchFailure } from './bench-failure.ts';

/**
 * Nine fields as Chromium sends them when a player fetches a segment, besides Host. They matter: a server that copies or
 * parses every field pays for them on every hit.
 */
export const BROWSER_FIELDS: readonly (readonly [name: string, value: string])[] = [
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  ],
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Origin', 'https://player.example.com'],
  ['Referer', 'https://player.example.com/'],
  ['Sec-Fetch-Dest', 'empty'],
  ['Sec-Fetch-Mode', 'cors'],
  ['Sec-Fetch-Site', 'cross-site'],
];

/** The request as it goes on the wire, the same that wrk sends. @param host host and port */
export function browserRequest(host: string, path: string): Buffer {
  const fields = BROWSER_FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`, 'latin1');
}

const ANSWER_BOUND_MS = 5000;

/**
 * Asks for one object on a fresh connection.
 * @returns the answer's head, and how many bytes head and body are
 * @throws BenchFailure when the answer is not 200 with exactly the expected body, or takes too long
 */
export function askOnce(url: URL, expected: Uint8Array): Promise<{ head: string; wireBytes: number }> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader(expected);
    const socket = connect(Number(url.port), url.hostname);
    const fail = (why: string) => {
      socket.destroy();
      reject(new BenchFailure(`${url.href}: ${why}`));
    };
    socket.setTimeout(ANSWER_BOUND_MS, () => fail(`no whole answer within ${ANSWER_BOUND_MS} ms`));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail(reader.close() ?? 'connection closed'));
    socket.on('data', (chunk) => {
      const state = reader.push(chunk);
      if (state === 'more') return;
      socket.destroy();
      if (state === 'wrong') fail(reader.defect!);
      else resolve({ head: reader.head, wireBytes: reader.wireBytes });
    });
    socket.write(browserRequest(url.host, url.pathname));
  });
}
