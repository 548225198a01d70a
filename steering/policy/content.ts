import type { Priority } from '../../topology/model/priority.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';

const SLASH = 0x2f;

/** What a path belongs to, for steering. */
export interface Content {
  hash: number;
  /** all paths of a live event are one content: a viewer must not change servers with each segment */
  isLive: boolean;
  priority: Priority;
}

/** By `/live/<event>` and `/vod/<title>` (DESIGN §5); any other path is content of its own. */
export function contentOf(path: string): Content {
  const isLive = path.startsWith('/live/');
  return { hash: stableHash(contentName(path)), isLive, priority: isLive ? 'live-edge' : 'on-demand' };
}

/** One viewer of one content: the stable hash of both. */
export function sessionOf({ client, path }: { client: string; path: string }): number {
  return stableHash(client, contentOf(path).hash);
}

/** The path that stands for all paths of the content: the content of it is the same. */
export function contentName(path: string): string {
  if (path.startsWith('/live/')) return head(path, 6);
  if (path.startsWith('/vod/')) return head(path, 5);
  let end = path.length;
  while (path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end);
}

function head(path: string, from: number): string {
  const slash = path.indexOf('/', from);
  return slash < 0 ? path : path.slice(0, slash);
}
