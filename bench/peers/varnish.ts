import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCommand, type Workplace } from '../parts/workplace.ts';
import type { Origin } from './origin.ts';
import { freePort, untilListening, type Peer } from './peer.ts';

/** Varnish where it is installed, with its own defaults and bodies in memory; null elsewhere. */
export async function startVarnish(place: Workplace, origin: Origin): Promise<Peer | null> {
  const command = findCommand('varnishd');
  if (command === null) return null;
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const where = ['-n', join(place.dir, 'varnish'), '-a', url.host, '-b', origin.url.host];
  const args = ['-F', '-j', 'none', ...where, '-s', 'malloc,256m'];
  const peer: Peer = {
    name: 'varnish',
    version: await versionOf(command),
    url,
    child: place.serve('varnish', place.cores.server, command, args),
  };
  await untilListening(peer);
  return peer;
}

async function versionOf(command: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, ['-V']);
  return /varnish-[\d.]+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}
