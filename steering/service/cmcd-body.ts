import { parseDictionary, Token } from 'structured-headers';
import type { CmcdEvent } from '../policy/health/cmcd-events.ts';

/** Lines of one body; players send a few at a time. */
const MOST_LINES = 200;
/** Of one line, in characters: a URL and a few dozen keys. */
const MOST_LINE = 4096;
const MOST_TEXT = 2048;

/** One line of a body: an event, or why it is none. `left-out`: one of more than there may be. */
export type CmcdLine =
  { kind: 'event'; event: CmcdEvent } | { kind: 'bad'; reason: 'not-cmcd' | 'too-long' | 'left-out' };

/**
 * Reads a body of CMCD version 2 in event mode: a structured dictionary (RFC 8941) a line. What a key holds in another type
 * than it should is as if it were not there: players differ, and most keys are of no interest here.
 */
export function* readCmcdBody(body: string): Iterable<CmcdLine> {
  let lines = 0;
  for (let from = 0; from < body.length;) {
    const end = body.indexOf('\n', from);
    const line = body.slice(from, end < 0 ? body.length : end).trim();
    from = end < 0 ? body.length : end + 1;
    if (line === '') continue;
    if (++lines > MOST_LINES) yield { kind: 'bad', reason: 'left-out' };
    else if (line.length > MOST_LINE) yield { kind: 'bad', reason: 'too-long' };
    else yield readLine(line);
  }
}

function readLine(line: string): CmcdLine {
  let keys: ReturnType<typeof parseDictionary>;
  try {
    keys = parseDictionary(line);
  } catch {
    return { kind: 'bad', reason: 'not-cmcd' };
  }
  const value = (key: string): unknown => keys.get(key)?.[0];
  const event: CmcdEvent = {
    e: text(value('e')),
    sid: text(value('sid')),
    url: text(value('url')),
    cdn: text(value('cdn')),
    h: text(value('h')),
    rc: number(value('rc')),
    ttfb: number(value('ttfb')),
    ttlb: number(value('ttlb')),
    d: number(value('d')),
    sta: text(value('sta')),
    br: number(value('br')),
    ot: text(value('ot')),
  };
  return { kind: 'event', event };
}

function text(value: unknown): string | undefined {
  const plain = value instanceof Token ? value.toString() : value;
  return typeof plain === 'string' && plain.length <= MOST_TEXT ? plain : undefined;
}

/** By object type, some keys are lists of one value for each. */
function number(value: unknown): number | undefined {
  const plain: unknown = Array.isArray(value) ? value[0]?.[0] : value;
  return typeof plain === 'number' ? plain : undefined;
}
