import { VIEWER_BPS } from './options.ts';

/** What is built beyond what the forecast needs. */
export const HEADROOM = {
  nic: 1.25,
  interconnect: 1.3,
  access: 2,
  backbone: 2,
} as const;

/**
 * Few viewers vary more than many: on top of the headroom so many deviations of their number, as square-root staffing has
 * it (Halfin and Whitt 1981). Next to nothing in a world for millions, and what keeps one for thousands from being full
 * by chance alone.
 */
const CROWD_DEVIATIONS = 4;

/** What is built for viewers who take so much on average. */
export function crowdCapacityBps(bps: number, headroom: number): number {
  return headroom * bps + CROWD_DEVIATIONS * Math.sqrt(bps * VIEWER_BPS);
}

/** Published servers send 200 Gbit/s of TLS, 700 have been shown (reference: live delivery §3). */
export const LARGEST_NIC_BPS = 200e9;

/** An assumption: a full ladder of a live event with audio, which each site fills once. */
export const LIVE_FILL_BPS = 60e6;
/** An assumption: of a site’s traffic, bytes of on-demand titles that it does not hold. */
export const ON_DEMAND_FILL_SHARE = 0.03;

/** Nothing is smaller: a few viewers’ top rendition fits everywhere, also in worlds scaled down. */
export const LEAST_BPS = 20e6;

/** From such a peak on capacities come in the steps that ports come in. */
const PORTS_FROM_PEAK_BPS = 1e12;

/** Up to a whole step: of ports in large worlds; else two significant digits, so that a small world keeps proportions. */
export function roundUp(bps: number, peakBps: number): number {
  const wanted = Math.max(bps, LEAST_BPS);
  if (peakBps >= PORTS_FROM_PEAK_BPS) {
    const step = wanted <= 10e9 ? 1e9 : wanted <= 100e9 ? 10e9 : 100e9;
    return Math.ceil(wanted / step) * step;
  }
  const step = 10 ** (Number(wanted.toExponential().split('e')[1]) - 1);
  return Math.ceil(wanted / step - 1e-9) * step;
}

export interface Hardware {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const GIB = 2 ** 30;
const TB = 1e12;

/** By what a server sends: about 6 Gbit/s a core with TLS (reference: live delivery §3, 200 Gbit/s a server). */
export function hardwareFor(nicBps: number, purpose: 'ix' | 'embedded' | 'shield'): Hardware {
  const cpuCores = nicBps <= 50e9 ? 16 : nicBps <= 150e9 ? 32 : 64;
  // Storage machines at exchanges hold the tail of the catalogue, flash machines inside ISPs its head.
  const diskBytes = purpose === 'ix' ? 100 * TB : purpose === 'embedded' ? 24 * TB : 8 * TB;
  return { cpuCores, memoryBytes: 8 * GIB * cpuCores, diskBytes };
}
