/** Looks parameters of a query up; the first of a name counts. */
export interface QueryValues {
  /** percent-decoded; null when it is not there */
  get(name: string): string | null;
}

/** What is written with these in a name is found by the platform's own reader. */
const ENCODED_NAME = /(?:^|&)[^=&]*[%+]/;

/**
 * A query as `URLSearchParams` reads it, which takes it all apart first: every viewer asks every few seconds, and a
 * handful of names is wanted.
 */
export function queryValues(query: string | undefined): QueryValues {
  if (query === undefined || query === '') return NONE;
  return ENCODED_NAME.test(query) ? new URLSearchParams(query) : new PlainQuery(query);
}

const NONE: QueryValues = { get: () => null };

class PlainQuery implements QueryValues {
  readonly #query: string;

  constructor(query: string) {
    // URLSearchParams passes over the mark.
    this.#query = query.startsWith('?') ? query.slice(1) : query;
  }

  get(name: string): string | null {
    const query = this.#query;
    for (let at = query.indexOf(name); at >= 0; at = query.indexOf(name, at + 1)) {
      if (at > 0 && query.charCodeAt(at - 1) !== AMPERSAND) continue;
      const after = at + name.length;
      const mark = query.charCodeAt(after);
      if (after === query.length || mark === AMPERSAND) return '';
      if (mark !== EQUALS) continue;
      const end = query.indexOf('&', after);
      return decoded(query.slice(after + 1, end < 0 ? undefined : end));
    }
    return null;
  }
}

const AMPERSAND = 0x26;
const EQUALS = 0x3d;

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  // Also of what is not well formed it makes the same as before.
  return new URLSearchParams(`v=${text}`).get('v')!;
}
