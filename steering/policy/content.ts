import type { Priority } from '../../topology/model/priority.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';

/** What a path belongs to, for steering. */
export interface Content {
  hash: number;
  /** all paths of a live event are one content: a viewer must not change servers with each segment */
  isLive: boolean;
  priority: Priority;
}

/** By `/live/<event>` and `/vod/<title>` (DESIGN §5); any other path is content of its own. */
export function contentOf(path: string): Content {
  if (path.startsWith('/live/')) return { hash: stableHash(head(path, 6)), isLive: true, priority: 'live-edge' };
  if (path.startsWith('/vod/')) return { hash: stableHash(head(path, 5)), isLive: false, priority: 'on-demand' };
  return { hash: stableHash(path.endsWith('/') ? path.slice(0, -1) : path), isLive: false, priority: 'on-demand' };
}

function head(path: string, from: number): string {
  const slash = path.indexOf('/', from);
  return slash < 0 ? path : path.slice(0, slash);
}
