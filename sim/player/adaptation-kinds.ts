import type { Adaptation } from './adaptation.ts';
import { BolaAdaptation } from './bola-adaptation.ts';
import { DynamicAdaptation } from './dynamic-adaptation.ts';
import { HlsAdaptation } from './hls-adaptation.ts';
import type { PlayerRows } from './player-rows.ts';
import { ThroughputAdaptation } from './throughput-adaptation.ts';

export const ADAPTATIONS = ['hls', 'throughput', 'bola', 'dynamic'] as const;
export type AdaptationKind = (typeof ADAPTATIONS)[number];

/** A rule for one player; with the rows of many, hls.js's serves all of them. */
export function newAdaptation(kind: AdaptationKind, rows?: PlayerRows): Adaptation {
  switch (kind) {
    case 'hls':
      return new HlsAdaptation(undefined, rows);
    case 'throughput':
      return new ThroughputAdaptation();
    case 'bola':
      return new BolaAdaptation();
    case 'dynamic':
      return new DynamicAdaptation();
  }
}
