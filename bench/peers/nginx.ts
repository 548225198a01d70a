import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCommand, type Workplace } from '../parts/workplace.ts';
import { fetchText, freePort, untilListening, type CountingPeer } from './peer.ts';
import type { Origin } from './origin.ts';

/** One nginx process, two ways to ask it. */
export interface Nginx {
  plain: CountingPeer;
  /** with open_file_cache, which nginx leaves off but whoever tunes it for hits turns on */
  openFileCache: CountingPeer;
}

/** nginx from Debian's package, by our own configuration: one worker, `proxy_cache` with the lock on. */
export async function startNginx(place: Workplace, origin: Origin): Promise<Nginx> {
  const command = findCommand('nginx')!;
  const [plainUrl, openFileCacheUrl] = [await freeUrl(), await freeUrl()];
  const servers =
    serverConfig(plainUrl.host, '') +
    serverConfig(openFileCacheUrl.host, 'open_file_cache max=10000 inactive=60s;\n    open_file_cache_valid 60s;');
  const config = join(place.dir, 'nginx.conf');
  writeFileSync(config, nginxConfig(place, origin.url.host, servers));
  const version = await versionOf(command);
  const child = place.serve('nginx', place.cores.server, command, ['-p', place.dir, '-c', config, '-e', 'stderr']);
  let questions = 0;
  const peer = (name: string, url: URL): CountingPeer => ({
    name,
    version,
    url,
    child,
    isHit: (head) => /^X-Cache-Status: HIT\r$/m.test(head),
    async servedCount() {
      const status = await fetchText(new URL('/nginx-status', plainUrl));
      // The third line: accepts, handled, requests; these questions are among them.
      return Number(/^ \d+ \d+ (\d+)/m.exec(status)?.[1]) - ++questions;
    },
  });
  const nginx = { plain: peer('nginx', plainUrl), openFileCache: peer('nginx, open_file_cache', openFileCacheUrl) };
  await untilListening(nginx.plain);
  await untilListening(nginx.openFileCache);
  return nginx;
}

async function freeUrl(): Promise<URL> {
  return new URL(`http://127.0.0.1:${await freePort()}`);
}

/** The limit on requests a connection is lifted, since wrk would otherwise connect anew every 1,000. */
function nginxConfig({ dir, cacheDir }: Workplace, origin: string, servers: string): string {
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'fastcgi', 'uwsgi', 'scgi', 'proxy'].map(
    (what) => `  ${what}_temp_path ${join(dir, `nginx-${what}`)};`,
  );
  return `${user}daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${join(dir, 'nginx.pid')};
events {
  worker_connections 4096;
}
http {
${temporary.join('\n')}
  access_log off;
  sendfile on;
  keepalive_timeout 65;
  keepalive_requests 1000000000;
  proxy_cache_path ${join(cacheDir, 'nginx')} levels=1:2 keys_zone=bench:10m max_size=512m inactive=1h use_temp_path=off;
  upstream origin {
    server ${origin};
    keepalive 16;
  }
${servers}}
`;
}

/**
 * `tcp_nopush on` makes 64 KB answers wait 43 ms on loopback (measured), so it is off for them and on for the others.
 * @param listen host:port
 */
function serverConfig(listen: string, tuning: string): string {
  return `  server {
    listen ${listen} backlog=4096;
    ${tuning}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_cache bench;
    proxy_cache_lock on;
    add_header X-Cache-Status $upstream_cache_status;
    location / {
      tcp_nopush on;
      proxy_pass http://origin;
    }
    location /65536/ {
      tcp_nopush off;
      proxy_pass http://origin;
    }
    location = /nginx-status {
      stub_status;
    }
  }
`;
}

async function versionOf(command: string): Promise<string> {
  const { stderr } = await promisify(execFile)(command, ['-v']);
  return stderr.trim().replace('nginx version: ', '');
}
