import { isSafeField } from '../../runtime/header-block.ts';
import type { Priority } from '../../topology/model/priority.ts';

/** Hop-by-hop fields, and what belongs to this hop or would split the cache: Host is the upstream's, CMCD is per player. */
const NOT_SENT = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
  'cmcd-request',
  'cmcd-object',
  'cmcd-status',
  'cmcd-session',
  'cdn-loop',
  'via',
  'undercard-priority',
]);

const CONDITIONS = new Set([
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
]);

export interface RequestFields {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/**
 * The fields of an upstream request, name and value in turn. A shared fill asks for the whole and without conditions;
 * what is the client's alone (a pass) keeps its own.
 */
export function upstreamFields(
  request: RequestFields,
  options: { id: string; alone: boolean; priority: Priority | null },
): string[] {
  const sendable = sendableFields(request);
  const hop = new Set<string>();
  let loop = '';
  let via = '';
  for (const [name, value] of sendable) {
    if (name === 'connection') for (const option of value.split(',')) hop.add(option.trim().toLowerCase());
    if (name === 'cdn-loop') loop += `${value}, `;
    if (name === 'via') via += `${value}, `;
  }
  const fields: string[] = [];
  for (const [name, value] of sendable) {
    if (NOT_SENT.has(name) || hop.has(name) || (!options.alone && CONDITIONS.has(name))) continue;
    fields.push(name, value);
  }
  // RFC 8586: append the own id, never remove another's. RFC 9110 §7.6.3: a gateway adds itself to Via upstream.
  fields.push('CDN-Loop', loop + options.id, 'Via', `${via}1.1 ${options.id}`);
  if (options.priority !== null) fields.push('Undercard-Priority', options.priority);
  return fields;
}

/**
 * The listener hands out fields decoded as UTF-8, as browsers send cookies; on the wire each char code is one byte again.
 * A field that cannot be sent even so (a control character, a name that is none) is left out.
 */
function sendableFields({ names, values }: RequestFields): (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [];
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    const value = ASCII.test(values[at]!) ? values[at]! : Buffer.from(values[at]!, 'utf8').toString('latin1');
    if (isSafeField(name, value)) fields.push([name, value]);
  }
  return fields;
}

const ASCII = /^[\x20-\x7e]*$/;

/** Whether `CDN-Loop` says that the request has been here before (RFC 8586 §2). */
export function isLooping(cdnLoop: string | undefined, id: string): boolean {
  return cdnLoop !== undefined && cdnLoop.split(',').some((member) => member.split(';')[0]!.trim() === id);
}
