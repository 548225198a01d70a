import { cdnsOf } from '../../policy/cdns/cdns.fixture.ts';
import { CdnBases } from './cdn-bases.ts';
import type { Handover } from './handover.ts';

/** One CDN with a path before everything, one without; manifests come from an origin that is neither. */
export const CDNS = cdnsOf(
  [
    { id: 'alpha', baseUrl: 'https://alpha.example/customer/7' },
    { id: 'beta', baseUrl: 'https://beta.example:8443' },
  ],
  { sources: ['https://origin.example'] },
);

export const SOURCE_URL = 'https://origin.example/live/show/main.m3u8';

export function handoverOf(changes: Partial<Omit<Handover, 'url'>> & { url?: string } = {}): Handover {
  const { url = SOURCE_URL, ...more } = changes;
  return {
    url: new URL(url),
    bases: new CdnBases(CDNS),
    pathways: ['alpha', 'beta'],
    steeringUri: 'https://steer.example/v1/steer/hls?session=s1&pathways=alpha,beta',
    location: 'https://steer.example/v1/manifest?url=x&session=s1',
    nominalBps: 5e6,
    clientQuery: '',
    ...more,
  };
}
