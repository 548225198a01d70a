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
  const { names, values } = request;
  const hop = new Set<string>();
  let loop = '';
  let via = '';
  for (let at = 0; at < names.length; at++) {
    if (names[at] === 'connection') for (const name of values[at]!.split(',')) hop.add(name.trim().toLowerCase());
    if (names[at] === 'cdn-loop') loop += `${values[at]!}, `;
    if (names[at] === 'via') via += `${values[at]!}, `;
  }
  const fields: string[] = [];
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    if (NOT_SENT.has(name) || hop.has(name) || (!options.alone && CONDITIONS.has(name))) continue;
    fields.push(name, values[at]!);
  }
  // RFC 8586: append the own id, never remove another's. RFC 9110 §7.6.3: a gateway adds itself to Via upstream.
  fields.push('CDN-Loop', loop + options.id, 'Via', `${via}1.1 ${options.id}`);
  if (options.priority !== null) fields.push('Undercard-Priority', options.priority);
  return fields;
}

/** Whether `CDN-Loop` says that the request has been here before (RFC 8586 §2). */
export function isLooping(cdnLoop: string | undefined, id: string): boolean {
  return cdnLoop !== undefined && cdnLoop.split(',').some((member) => member.split(';')[0]!.trim() === id);
}
