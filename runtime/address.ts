import { isIP } from 'node:net';
import { BadInput } from './bad-input.ts';

/** Where a listener stands: an IP address or `localhost`, and a port (0: any free one). */
export interface Address {
  host: string;
  port: number;
}

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. @throws BadInput naming the flag */
export function parseAddress(text: string, flag: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new BadInput(`${flag}: "${text}" is not an address; write host:port, for example 127.0.0.1:8080`);
  }
  if (host !== 'localhost' && isIP(host) === 0) {
    throw new BadInput(`${flag}: "${host}" is not an IP address; listeners take one, for example 127.0.0.1:8080`);
  }
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** An origin (scheme, host, port; no path) such as an upstream. @throws BadInput naming the flag */
export function parseOrigin(text: string, flag: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new BadInput(`${flag}: "${text}" is not a URL; write for example http://127.0.0.1:9000`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BadInput(`${flag}: "${text}" must begin with http:// or https://`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new BadInput(`${flag}: "${text}" must be scheme, host and port only, for example ${url.origin}`);
  }
  return url;
}
