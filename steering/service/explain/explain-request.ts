import { canonicalAddress } from '../../../topology/model/ip-address.ts';
import { identifierSchema } from '../../../topology/model/event.ts';
import { PRIORITIES, type Priority } from '../../../topology/model/priority.ts';

export interface ExplainRequest {
  address: string;
  path: string;
  session?: string;
  among?: string[];
  nominalBps?: number;
  priority?: Priority;
  playing?: string;
}

export type ExplainRequestOutcome =
  { kind: 'request'; request: ExplainRequest } | { kind: 'bad'; field: string; detail: string };

const SESSION = /^[A-Za-z0-9._-]{1,64}$/;
const PATH = /^\/[\x21-\x7e]{0,2047}$/;
const MOST_AMONG = 64;
const MOST_BPS = 1e9;

class BadField extends Error {
  readonly field: string;

  constructor(field: string, detail: string) {
    super(detail);
    this.field = field;
  }
}

/**
 * Reads what is to be explained. What `/v1/servers` passes over in a player, for playback must not depend on it, is an
 * error here: it is a person who typed it.
 * @param connected the address that asks; it is explained where no other is named
 */
export function readExplainRequest(parameters: URLSearchParams, connected: string): ExplainRequestOutcome {
  const given = (name: string) => parameters.get(name)?.trim() || null;
  try {
    return {
      kind: 'request',
      request: {
        address: addressOf(given('ip') ?? connected),
        path: pathOf(given('path')),
        ...optional('session', given('session'), sessionOf),
        ...optional('among', given('among'), amongOf),
        ...optional('nominalBps', given('nominalBps'), nominalOf),
        ...optional('priority', given('priority'), priorityOf),
        ...optional('playing', given('playing'), (text) => serverOf('playing', text)),
      },
    };
  } catch (error) {
    if (error instanceof BadField) return { kind: 'bad', field: error.field, detail: error.message };
    throw error;
  }
}

function optional<Name extends string, Value>(
  name: Name,
  text: string | null,
  read: (text: string) => Value,
): { [Key in Name]?: Value } {
  return text === null ? {} : ({ [name]: read(text) } as { [Key in Name]?: Value });
}

function addressOf(text: string): string {
  const address = canonicalAddress(text);
  if (address === null) {
    throw new BadField('ip', `${quoted(text)} is not an IPv4 or IPv6 address; give one such as 203.0.113.7`);
  }
  return address;
}

function pathOf(text: string | null): string {
  if (text === null) throw new BadField('path', 'give the path the viewer asks for, such as /live/demo/');
  if (!text.startsWith('/')) throw new BadField('path', `${quoted(text)} must begin with a slash, such as /live/demo/`);
  if (!PATH.test(text)) throw new BadField('path', 'at most 2048 characters, without spaces; others %-encoded');
  return text;
}

function sessionOf(text: string): string {
  if (!SESSION.test(text)) throw new BadField('session', '1 to 64 letters, digits, dots, dashes or underscores');
  return text;
}

function amongOf(text: string): string[] {
  const ids = text.split(',', MOST_AMONG + 1).map((id) => id.trim());
  if (ids.length > MOST_AMONG) throw new BadField('among', `at most ${MOST_AMONG} servers`);
  return ids.filter((id) => id !== '').map((id) => serverOf('among', id));
}

function serverOf(field: string, text: string): string {
  if (!identifierSchema.safeParse(text).success) throw new BadField(field, `${quoted(text)} is not a server’s name`);
  return text;
}

function nominalOf(text: string): number {
  const bps = /^\d+(?:\.\d+)?(?:e\d{1,2})?$/i.test(text) ? Number(text) : 0;
  if (bps <= 0 || bps > MOST_BPS) throw new BadField('nominalBps', 'bits per second, more than 0, at most 1e9');
  return bps;
}

function priorityOf(text: string): Priority {
  const known = PRIORITIES.find((name) => name === text);
  if (known === undefined) throw new BadField('priority', `${quoted(text)} is none of ${PRIORITIES.join(', ')}`);
  return known;
}

/** On one line, and not as long as somebody may have typed it. */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the very characters that must not be in it
  const line = text.replace(/[\x00-\x1f\x7f]+/g, ' ');
  return `“${line.length > 60 ? `${line.slice(0, 60)}…` : line}”`;
}
