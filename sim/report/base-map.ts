import type { Position } from '../../topology/model/site.ts';

/** What the report's map lies on. */
export interface BaseMap {
  width: number;
  height: number;
  /** SVG path data of all land */
  outlines: string;
  project(position: Position): { x: number; y: number };
}

/** TEMPORARY until topology/map */
export function baseMap(): BaseMap {
  return {
    width: 960,
    height: 500,
    outlines: '',
    project: ({ latitude, longitude }) => ({ x: ((longitude + 180) / 360) * 960, y: ((90 - latitude) / 180) * 500 }),
  };
}
