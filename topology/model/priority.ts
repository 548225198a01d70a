/** What is shed last comes first (DESIGN §5). The header `Undercard-Priority` carries these names between our own tiers. */
export const PRIORITIES = ['live-edge', 'live-dvr', 'catch-up', 'on-demand', 'prefetch', 'preposition'] as const;
export type Priority = (typeof PRIORITIES)[number];
