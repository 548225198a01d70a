import test from 'ava';
import { ServerHosts } from './server-hosts.ts';

const edge = (id: string, url: string) => ({ id, url, capacityBps: 1e9 });
const hosts = new ServerHosts([
  { edges: [edge('fra-1', 'https://fra1.cdn.example'), edge('fra-2', 'https://fra2.cdn.example:8443')] },
  {
    edges: [
      edge('lab-1', 'http://127.0.0.11:8080'),
      edge('lab-2', 'http://127.0.0.11:8081'),
      edge('v6', 'http://[2001:DB8::1]'),
    ],
  },
]);

test('a URL belongs to the server that has its scheme’s host and port', (t) => {
  const all: Record<string, number> = {
    'https://fra1.cdn.example/live/demo/v1/7.m4s': 0,
    'https://FRA1.cdn.example:443/x?y=http://127.0.0.11:8080/': 0,
    'https://user:secret@fra2.cdn.example:8443/': 1,
    'http://127.0.0.11:8080': 2,
    'http://127.0.0.11:8081/live': 3,
    'http://[2001:db8::1]:80/live': 4,
    'http://fra1.cdn.example/': -1,
    'https://fra2.cdn.example/': -1,
    'https://fra1.cdn.example.evil.example/': -1,
    'https://evil.example/?https://fra1.cdn.example/': -1,
    'https://evil.example#@fra1.cdn.example/': -1,
    'https://fra1.cdn.example@evil.example/': -1,
    '/live/demo/v1/7.m4s': -1,
    'ftp://fra1.cdn.example/': -1,
    '': -1,
  };
  for (const [url, server] of Object.entries(all)) t.is(hosts.ofUrl(url), server, url);
});

test('a name is a server’s own, or a host that one server has', (t) => {
  const all: Record<string, number> = {
    'fra-1': 0,
    'FRA1.cdn.example': 0,
    'fra2.cdn.example': 1,
    'fra2.cdn.example:8443': 1,
    '127.0.0.11': -1,
    '127.0.0.11:8081': 3,
    nobody: -1,
    constructor: -1,
  };
  for (const [name, server] of Object.entries(all)) t.is(hosts.ofName(name), server, name);
});
