/**
 * The cache key of a request's target (path and query exactly as on the wire): the target without its CMCD parameter,
 * which differs for every request of every player and would defeat caching (CTA-5004). The upstream is asked for the
 * same text, so that key and answer cannot disagree.
 */
export function keyOf(path: string, query: string | undefined): string {
  if (query === undefined) return path;
  if (!query.includes('CMCD=')) return `${path}?${query}`;
  const kept = query.split('&').filter((parameter) => !parameter.startsWith('CMCD='));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/**
 * The key of one variant (RFC 9111 §4.1): the fields that `Vary` names, as this request sent them.
 * @param vary lower-case field names
 */
export function variantKeyOf(
  key: string,
  vary: readonly string[],
  fieldOf: (name: string) => string | undefined,
): string {
  return vary.reduce((text, name) => `${text}\n${name}:${normalise(fieldOf(name))}`, key);
}

/** The names in a `Vary` field, lower case, in a stable order; null for `*`, which never matches. */
export function parseVary(value: string): string[] | null {
  const names = value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.includes('*')) return null;
  return [...new Set(names)].sort();
}

/** White space round list members does not make another variant; an absent field is not an empty one. */
function normalise(value: string | undefined): string {
  if (value === undefined) return '-';
  return `=${value
    .split(',')
    .map((part) => part.trim())
    .join(',')}`;
}
