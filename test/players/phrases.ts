import { CLONE_PATHWAY } from '../../steering/policy/players/test-cases.ts';
import type { AskedFor, Observation } from './observation.ts';

/**
 * What a player did, in a few words, by rule: how it asks; where it plays, if not from the manifest's first pathway; what
 * is wrong with playback, if something is. Nobody edits these by hand.
 */
export function describe(observation: Observation): string {
  const parts = [asking(observation), uncaught(observation), place(observation), playback(observation)];
  return parts.filter((part) => part !== '').join('; ');
}

const FLOOD_GAP_MS = 500;
const FLOOD_REQUESTS = 30;
/** Two waits are alike when they differ by no more: machines are late, players round. */
const ALIKE_SHARE = 0.2;
const ALIKE_MS = 900;
/** Silent for so long at the end, it will not ask again: the longest wait seen with shortened timers is 15 s. */
const SILENT_MS = 18_000;

export function isFlood({ steering }: Pick<Observation, 'steering'>): boolean {
  const waits = waitsOf(steering);
  return waits.length >= FLOOD_REQUESTS && median(waits) < FLOOD_GAP_MS;
}

function waitsOf(steering: readonly AskedFor[]): number[] {
  return steering.slice(1).map(({ startedMs }, index) => startedMs - steering[index]!.startedMs);
}

/** How often and until when steering is asked. */
export function asking({ steering, shortened, watchedMs, ttlSeconds }: Observation): string {
  if (steering.length === 0) return 'does not ask';
  const starts = steering.map(({ startedMs }) => startedMs);
  const waits = waitsOf(steering);
  if (isFlood({ steering })) {
    const perSecond = waits.length / ((starts.at(-1)! - starts[0]!) / 1000);
    return `**asks again at once, without end** (${Math.round(perSecond)} times a second)`;
  }
  const unanswered = steering.at(-1)!.endedMs === null;
  const isSilent = !unanswered && watchedMs - starts.at(-1)! > Math.max(SILENT_MS, 1.5 * Math.max(0, ...waits));
  if (waits.length === 0) return isSilent ? 'asks once, never again' : unanswered ? 'asks once and waits' : 'asks once';
  const real = waits.map((waitMs, index) => waitMs + savedBetween(shortened, starts[index]!, starts[index + 1]!));
  return `asks ${rhythm(real, ttlSeconds)}${isSilent ? ', then never' : ''}`;
}

function savedBetween(shortened: Observation['shortened'], fromMs: number, toMs: number): number {
  const fired = shortened.filter(({ firedMs }) => firedMs > fromMs && firedMs <= toMs + 500);
  // A player may have other long timers; the one that asks fires last before the request.
  return fired.at(-1)?.savedMs ?? 0;
}

/** "every 4 s (the TTL)", "after 1 s, then every 300 s", "after 1 s, 4 s, 1 s, …". */
function rhythm(waitsMs: readonly number[], ttlSeconds: number): string {
  const [first, ...others] = waitsMs as [number, ...number[]];
  const words = (ms: number) => (alike(ms, ttlSeconds * 1000) ? `${ttlSeconds} s (the TTL)` : seconds(ms));
  if (others.length === 0) return `again after ${words(first)}`;
  if (allAlike(waitsMs)) return `every ${words(median(waitsMs))}`;
  if (others.length > 1 && allAlike(others)) return `again after ${words(first)}, then every ${words(median(others))}`;
  const evens = waitsMs.filter((_, index) => index % 2 === 0);
  const odds = waitsMs.filter((_, index) => index % 2 === 1);
  if (allAlike(evens) && allAlike(odds))
    return `again after ${words(median(evens))} and ${words(median(odds))} in turn`;
  const shown = waitsMs.slice(0, 4).map(words).join(', ');
  return waitsMs.length > 4 ? `again after ${shown}, …` : `again after ${shown}`;
}

function alike(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) <= Math.max(ALIKE_MS, ALIKE_SHARE * bMs);
}

function allAlike(waitsMs: readonly number[]): boolean {
  const middle = median(waitsMs);
  return waitsMs.every((ms) => alike(ms, middle));
}

function seconds(ms: number): string {
  return ms < 950 ? `${Math.max(0.1, Math.round(ms / 100) / 10)} s` : `${Math.round(ms / 1000)} s`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function uncaught({ uncaught: [message] }: Observation): string {
  return message === undefined ? '' : `throws “${message}”`;
}

/** Where segments come from, when that is not simply the manifest's first pathway. */
export function place(observation: Observation): string {
  const { case: name, segments, pathways } = observation;
  const came = segments.filter(({ status }) => status === 200);
  const route = came
    .map(({ host }) => pathways[host] ?? host)
    .filter((pathway, index, all) => pathway !== all[index - 1]);
  const moves = Math.max(0, route.length - 1);
  if (name === 'flap') return moves === 0 ? 'does not move' : `moves ${times(moves)}`;
  if (name.startsWith('clone')) return cloneWords(observation);
  if (name === 'dead-pathway') return deadWords(observation, route);
  return moves === 0 ? '' : `moves: ${shorten(route)}`;
}

function cloneWords({ steering, segments, playlists, cloneHost }: Observation): string {
  const tries = [...segments, ...playlists].filter(({ host }) => host === cloneHost);
  const fromClone = segments.filter(({ host, status }) => host === cloneHost && status === 200);
  if (fromClone.length > 0) {
    const last = segments.findLast(({ status }) => status === 200)!;
    return last.host === cloneHost ? 'plays from the clone' : 'tries the clone and leaves it';
  }
  const [tried] = tries;
  if (tried === undefined) {
    const believes = steering.some(({ says }) => says?.includes(CLONE_PATHWAY));
    return believes ? '**says it plays from the clone, and fetches from the base’s host**' : 'ignores the clone';
  }
  const port = portOf(tried.authority);
  const usual = segments.find(({ host }) => host !== cloneHost);
  const isElsewhere = usual !== undefined && portOf(usual.authority) !== port;
  return `**asks the clone ${isElsewhere ? `at port ${port}, not the base’s, ` : ''}in vain**`;
}

function portOf(authority: string): string {
  return /:(\d+)$/.exec(authority)?.[1] ?? '80';
}

function deadWords({ segments, playlists, pathways }: Observation, route: readonly string[]): string {
  const tries = [...segments, ...playlists].filter(({ host }) => pathways[host] === 'dead');
  const [first] = tries;
  if (first === undefined) return 'does not try the dead pathway';
  const [escape] = segments.filter(({ status, startedMs }) => status === 200 && startedMs > first.startedMs);
  const tried = `tries the dead pathway ${times(tries.length)}`;
  if (escape === undefined) return `${tried} and gets no further`;
  const afterMs = escape.startedMs - first.startedMs;
  return `${tried}, goes on from ${route.at(-1)} ${afterMs < 950 ? 'at once' : `after ${seconds(afterMs)}`}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function shorten(route: readonly string[]): string {
  return route.length <= 4 ? route.join(' → ') : `${route.slice(0, 3).join(' → ')} → … (${route.length - 1} times)`;
}

const STOPPED_MS = 8000;
const LATE_START_MS = 8000;
const STALL_MS = 1000;

/** What a viewer would complain of. */
export function playback({ samples, errors, watchedMs }: Observation): string {
  const started = samples.find(({ playing }) => playing);
  const fatal = errors.findLast((error) => error.endsWith('(fatal)'));
  const because = fatal === undefined ? '' : ` (${fatal.replace(' (fatal)', '').slice(0, 60).trim()})`;
  if (started === undefined) return `**never plays**${because}`;
  const words: string[] = [];
  if (started.atMs > LATE_START_MS) words.push(`begins to play after ${seconds(started.atMs)}`);
  const last = samples.at(-1)!;
  const earlier = samples.findLast(({ atMs }) => atMs <= watchedMs - STOPPED_MS);
  if (earlier !== undefined && last.currentTime - earlier.currentTime < 0.5 && earlier.atMs >= started.atMs) {
    const stopped = samples.find(({ currentTime }) => last.currentTime - currentTime < 0.25)!;
    words.push(`**stops** after ${seconds(stopped.atMs)}${because}`);
  } else if (last.stalledMs >= STALL_MS) {
    words.push(`stalls ${times(last.stalls)}, ${seconds(last.stalledMs)} in all`);
  }
  return words.join(', ');
}
