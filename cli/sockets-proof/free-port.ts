import { createServer } from 'node:net';

/** A port that is free, with the next one, wherever the demo listens. */
export async function freePort(): Promise<number> {
  const isFree = (host: string, port: number) =>
    new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
    });
  for (let port = 23_080; port < 24_080; port += 20) {
    const hosts = ['127.0.0.1', '127.0.0.9', '127.0.0.10', '127.0.0.11', '127.0.1.11'];
    const looked = await Promise.all(hosts.flatMap((host) => [isFree(host, port), isFree(host, port + 1)]));
    if (looked.every(Boolean)) return port;
  }
  throw new Error('no port is free on 127.0.0.x');
}
