import { judge, type Fields, type Judgement } from '../policy/freshness.ts';
import { blockOf, fieldMap, forwardedFields, mergeFields } from './answer-fields.ts';
import type { StoredAnswer } from './stored-answer.ts';

export interface UpstreamHead {
  status: number;
  /** name, value, name, value … */
  rawHeaders: readonly string[];
  target: string;
  /** the request carried Authorization */
  authorized: boolean;
  wallMs: number;
  /** from the request to this */
  delayMs: number;
}

/** What came from above, made ready to be sent on, and what may be done with it. @param stored what a 304 confirms */
export function readAnswer(
  head: UpstreamHead,
  stored: StoredAnswer | undefined,
): { answer: StoredAnswer; judgement: Judgement } {
  const { rawHeaders, target, authorized, wallMs, delayMs } = head;
  const update = forwardedFields(rawHeaders, target);
  const received = fieldMap(rawHeaders);
  const status = stored?.status ?? head.status;
  const fields = stored ? new Map([...lasting(stored.fields), ...received]) : received;
  const fieldList = stored ? mergeFields(stored.fieldList, update) : update;
  const judgement = judge({ status, fields, authorized, wallMs, delayMs });
  const answer: StoredAnswer = {
    status,
    fieldList,
    fields,
    block: blockOf(fieldList),
    lengthBytes: stored?.lengthBytes ?? bodyLength(status, received),
    ageMs: judgement.ageMs,
    ttlMs: judgement.shareable ? judgement.ttlMs : 0,
    body: null,
  };
  return { answer, judgement };
}

/** When a response was made and how old it is, only the newest message can tell. */
function lasting(fields: Fields): [string, string][] {
  return [...fields].filter(([name]) => name !== 'age' && name !== 'date');
}

function bodyLength(status: number, fields: Fields): number {
  if (status === 204 || status === 304) return 0;
  const told = fields.get('content-length');
  return told !== undefined && /^\d{1,15}$/.test(told) && !fields.has('transfer-encoding') ? Number(told) : -1;
}
