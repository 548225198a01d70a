import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/**
 * Debian's nginx as somebody else's CDN: a cache in front of an origin, at a loopback address of its own, for players tell
 * CDNs apart by host name.
 *
 *     const alpha = await NginxCdn.open(t, 'alpha', originUrl);
 *     alpha.url, alpha.host
 *     await alpha.stop()          // this nginx alone, by its process id
 *     await alpha.start()         // again, at the same place
 *     await alpha.requests()      // lines of its access log
 */
export class NginxCdn {
  readonly host: string;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | null = null;

  private constructor(host: string, port: number, folder: string) {
    this.host = host;
    this.#port = port;
    this.#folder = folder;
  }

  static async open(t: Pick<ExecutionContext, 'teardown'>, originUrl: string): Promise<NginxCdn> {
    const folder = await mkdtemp(join(tmpdir(), 'undercard-nginx-'));
    // The loopback network has addresses for every process: no other test listens on these.
    const { pid } = process;
    const cdn = new NginxCdn(`127.${160 + opened++}.${(pid >> 8) & 255}.${pid & 255 || 1}`, PORT, folder);
    t.teardown(async () => {
      await cdn.stop();
      await rm(folder, { recursive: true });
    });
    await writeFile(join(folder, 'nginx.conf'), cdn.#configuration(originUrl));
    await mkdir(join(folder, 'tmp'));
    await cdn.start();
    return cdn;
  }

  get url(): string {
    return `http://${this.host}:${this.#port}`;
  }

  async start(): Promise<void> {
    const nginx = spawn('/usr/sbin/nginx', ['-p', this.#folder, '-c', 'nginx.conf', '-e', 'error.log'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    nginx.stderr.pipe(createWriteStream(join(this.#folder, 'stderr.log'), { flags: 'a' }));
    this.#process = nginx;
    for (const endMs = performance.now() + 30_000; !(await this.#answers());) {
      if (nginx.exitCode !== null || performance.now() > endMs) {
        throw new Error(`nginx does not start: ${await readFile(join(this.#folder, 'stderr.log'), 'utf8')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** At once, as a machine that is switched off: what is under way is cut. */
  async stop(): Promise<void> {
    const nginx = this.#process;
    this.#process = null;
    if (nginx === null || nginx.exitCode !== null) return;
    const ended = new Promise((resolve) => nginx.once('exit', resolve));
    nginx.kill('SIGTERM');
    await ended;
  }

  /** Request lines of its access log, without the probes of steering. */
  async requests(): Promise<string[]> {
    const log = await readFile(join(this.#folder, 'access.log'), 'utf8').catch(() => '');
    return log.split('\n').filter((line) => line !== '' && !line.includes('undercard-probe'));
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, this.host);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }

  #configuration(originUrl: string): string {
    return `daemon off;
${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 1;
pid nginx.pid;
events { worker_connections 512; }
http {
  log_format plain '$request $status "$http_user_agent"';
  access_log access.log plain;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  proxy_cache_path cache keys_zone=cdn:10m;
  server {
    listen ${this.host}:${this.#port};
    location / {
      proxy_pass ${originUrl};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache cdn;
      proxy_cache_lock on;
    }
  }
}
`;
  }
}

let opened = 0;
/** All on one, as other people's CDNs are on 443. */
const PORT = 18_200 + (process.pid % 97);
