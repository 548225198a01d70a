import type { Position } from '../model/site.ts';

/** What is north or south of these degrees is not on the map: ice, and none of our networks. */
export const NORTH: number;
export const SOUTH: number;
export const MAP_WIDTH: number;
export const MAP_HEIGHT: number;

/** A place on the map, in the map's units; beyond its edge in the far north and south. */
export function project(position: Position): [x: number, y: number];
