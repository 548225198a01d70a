import type { RequestHead } from '../../runtime/request-head.ts';
import type { Conditions } from '../policy/preconditions.ts';

/** What the edge reads of a request's fields. Most requests have none of it. */
export interface RequestFacts {
  conditions: Conditions | null;
  cdnLoop: string | undefined;
  priority: string | undefined;
  userAgent: string | undefined;
  onlyIfCached: boolean;
}

/**
 * One pass over the fields, by the length of their names first: comparing each name with each we know would cost more
 * than the rest of a hit.
 */
export function readRequest({ names, values }: RequestHead): RequestFacts {
  const facts: RequestFacts = {
    conditions: null,
    cdnLoop: undefined,
    priority: undefined,
    userAgent: undefined,
    onlyIfCached: false,
  };
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    switch (name.length) {
      case 5:
        if (name === 'range') conditionsOf(facts).range = values[at];
        break;
      case 8:
        if (name === 'if-range') conditionsOf(facts).ifRange = values[at];
        else if (name === 'cdn-loop') facts.cdnLoop = join(facts.cdnLoop, values[at]!);
        break;
      case 10:
        if (name === 'user-agent') facts.userAgent = values[at];
        break;
      case 13:
        if (name === 'if-none-match')
          conditionsOf(facts).ifNoneMatch = join(facts.conditions?.ifNoneMatch, values[at]!);
        else if (name === 'cache-control') facts.onlyIfCached ||= values[at]!.includes('only-if-cached');
        break;
      case 17:
        if (name === 'if-modified-since') conditionsOf(facts).ifModifiedSince = values[at];
        break;
      case 18:
        if (name === 'undercard-priority') facts.priority = values[at];
        break;
    }
  }
  return facts;
}

function conditionsOf(facts: RequestFacts): Conditions {
  facts.conditions ??= { ifNoneMatch: undefined, ifModifiedSince: undefined, ifRange: undefined, range: undefined };
  return facts.conditions;
}

function join(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
