import type { Position } from '../model/site.ts';

/** A bowed line from place to place as an SVG path's `d`; at the edge of the map it goes on at the other. */
export function arcPath(a: Position, b: Position): string;
