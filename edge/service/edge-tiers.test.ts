import test, { type ExecutionContext } from 'ava';
import { ask, openEdge, until, type Answer } from '../../test/support/edge-process.ts';
import { give, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';
import { defaultTemplates, eventSchema, type LiveEvent } from '../../topology/model/event.ts';
import { availableAtMs, expiresAtMs } from '../../topology/model/live-window.ts';

const MINUTE_MS = 60_000;
const CLOCK_ERROR_MS = 250;

/** In the middle of segment 11's minute, with a window of three: 8, 9 and 10 are there, 11 is next. */
function liveEvent(): LiveEvent {
  return eventSchema.parse({
    id: 'match',
    state: 'live',
    availabilityStartMs: Date.now() - 10.5 * MINUTE_MS,
    segmentDurationMs: MINUTE_MS,
    startNumber: 1,
    dvrWindowMs: 3 * MINUTE_MS,
    renditions: [{ id: 'v', kind: 'video', codecs: 'avc1.64001f', bandwidth: 1_000_000 }],
    ...defaultTemplates('match'),
  });
}

const segment = (number: number) => `/live/match/v/${number}.m4s`;

/** An edge with a tier below it, edge-9, that has learned the event, as any segment's first request makes it. */
async function openLive(t: ExecutionContext, behaviours: Record<string, Behaviour> = {}) {
  const event = liveEvent();
  const origin = await OriginServer.open(t, {
    '/live/match/event.json': give(JSON.stringify(event), { 'Cache-Control': 'max-age=1' }),
    [segment(8)]: give('segment 8', { 'Cache-Control': 'max-age=6' }),
    [segment(9)]: give('segment 9', { 'Cache-Control': 'max-age=6' }),
    ...behaviours,
  });
  const edge = await openEdge(t, { upstreams: [origin.url], tiers: ['edge-9'] });
  await ask(edge.url, segment(8));
  await until(() => edge.machine.events.verdict(0, 8, Date.now(), 0) !== null, 'the event to be learned');
  return { event, origin, edge };
}

const FROM_TIER = { 'CDN-Loop': 'edge-9' };
const tierTtlMs = ({ fields }: Answer) =>
  Number(/undercard-ttl-ms=(\d+)/.exec(String(fields['cdn-cache-control']))?.[1]);

/** Whether a lifetime told at some time since `startMs` ends at `endMs`; two clocks may differ by a little. */
function endsAt(lifetimeMs: number, endMs: number, startMs: number): boolean {
  return lifetimeMs <= endMs - startMs + 5 && lifetimeMs >= endMs - Date.now() - 5;
}

test('our own tiers are told a segment’s lifetime to the millisecond, nobody else is', async (t) => {
  const { event, origin, edge } = await openLive(t);
  await ask(edge.url, segment(9));
  const startMs = Date.now();
  const tier = await ask(edge.url, segment(9), { fields: FROM_TIER });
  t.true(endsAt(tierTtlMs(tier), expiresAtMs(event, 9), startMs), String(tier.fields['cdn-cache-control']));
  for (const loop of [undefined, 'stranger', 'edge-9, stranger', 'edge-99']) {
    const fields = loop === undefined ? {} : { 'CDN-Loop': loop };
    t.is((await ask(edge.url, segment(9), { fields })).fields['cdn-cache-control'], undefined, loop);
  }
  t.is(origin.count(segment(9)), 1);
});

test('our own tiers are told to the millisecond until when a segment is too early', async (t) => {
  const { event, origin, edge } = await openLive(t);
  const endMs = availableAtMs(event, 11) - CLOCK_ERROR_MS;
  const startMs = Date.now();
  const early = await ask(edge.url, segment(12), { fields: FROM_TIER });
  t.is(early.status, 404);
  t.true(endsAt(tierTtlMs(early), endMs, startMs), String(early.fields['cdn-cache-control']));
  t.is((await ask(edge.url, segment(12))).fields['cdn-cache-control'], undefined);
  t.is(origin.count(segment(12)), 0);
});

test('the first answer tells our own tiers the same lifetime as every later one', async (t) => {
  const { event, edge } = await openLive(t);
  const startMs = Date.now();
  const miss = await ask(edge.url, segment(9), { fields: FROM_TIER });
  t.true(endsAt(tierTtlMs(miss), expiresAtMs(event, 9), startMs), String(miss.fields['cdn-cache-control']));
});

test('priorities are told on media paths only, and believed from our own tiers only', async (t) => {
  const { origin, edge } = await openLive(t, {
    [segment(10)]: give('segment 10', { 'Cache-Control': 'no-store' }),
    '/plain': give('plain'),
  });
  const toldWith = async (path: string, fields: Record<string, string>) => {
    await ask(edge.url, path, { fields });
    return origin.asked(path).at(-1)!.fields['undercard-priority'];
  };
  const prefetch = { 'Undercard-Priority': 'prefetch' };
  t.is(await toldWith('/plain', {}), undefined);
  t.is(await toldWith('/plain', { ...prefetch, ...FROM_TIER }), undefined);
  t.is(await toldWith(segment(9), prefetch), 'live-edge');
  t.is(await toldWith(segment(10), { ...prefetch, ...FROM_TIER }), 'prefetch');
  t.is(await toldWith('/vod/film', { ...FROM_TIER, 'Undercard-Priority': 'nonsense' }), 'on-demand');
});
