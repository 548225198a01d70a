import { readFileSync } from 'node:fs';
import type { PlayerKind } from '../support/player-pages.ts';

/** A player as the table has it. */
export interface Column {
  name: string;
  player: PlayerKind;
  protocol: 'hls' | 'dash';
  package: string;
}

export const COLUMNS: readonly Column[] = [
  {
    name: 'hls.js',
    player: 'hls.js',
    protocol: 'hls',
    package: 'hls.js',
  },
  {
    name: 'Shaka, HLS',
    player: 'shaka',
    protocol: 'hls',
    package: 'shaka-player',
  },
  {
    name: 'dash.js',
    player: 'dash.js',
    protocol: 'dash',
    package: 'dashjs',
  },
  {
    name: 'Shaka, DASH',
    player: 'shaka',
    protocol: 'dash',
    package: 'shaka-player',
  },
];

export function versionOf({ package: name }: Column): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
