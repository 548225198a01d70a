/** Printable ASCII but for what a URL's path has no room for (RFC 3986 §3.3). */
const PATH = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+$/;
const QUERY = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]|{}^`-]|%[0-9A-Fa-f]{2})*$/;
const MOST_LENGTH = 4096;

/** Parameters of ours. At a CDN they would only make every viewer's URL another one, and each a miss. */
const OWN_PARAMETERS = new Set(['session', 'ip']);

export type RedirectPath = { kind: 'path'; path: string; search: string } | { kind: 'refused'; reason: string };

/**
 * What `/r/<path>?<query>` leads to, after a CDN's base. What begins at that base must stay below it however the CDN reads
 * it, so nothing is cleaned: what some server might take for another path, in clear or encoded, is refused.
 */
export function redirectPath(path: string, query: string | undefined): RedirectPath {
  if (path.length + (query?.length ?? 0) > MOST_LENGTH) return refused(`longer than ${MOST_LENGTH} characters`);
  if (path === '') return refused('the path is missing: /r/<path>');
  if (!PATH.test(path)) return refused('the path holds a character that must be percent-encoded, or a bad escape');
  if (query !== undefined && !QUERY.test(query))
    return refused('the query holds a character that must be percent-encoded');
  // Twice, for some servers decode a path again.
  for (let read = path, times = 0; times < 3; times++) {
    const segments = read.split('/');
    // Tomcat and its kin read "..;x" as "..".
    if (segments.some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) return refused('the path holds "." or ".."');
    if (segments.slice(0, -1).includes('')) return refused('the path holds an empty segment ("//")');
    // oxlint-disable-next-line no-control-regex -- these are what is refused
    if (/[\\\u0000-\u001f\u007f]/.test(read)) return refused('the path holds a backslash or a control character');
    // These bytes are in no UTF-8, but some decoders make a dot or a slash of them.
    if (/[\u00c0\u00c1]/.test(read)) return refused('the path holds an overlong encoding');
    read = decoded(read);
  }
  const rest = (query ?? '').split('&').filter((part) => !OWN_PARAMETERS.has(nameOf(part)));
  const search = rest.join('&');
  return { kind: 'path', path: `/${path}`, search: search === '' ? '' : `?${search}` };
}

/** Of one `name=value`, as it is read where the session is. */
function nameOf(part: string): string {
  // Without the & a question mark at the start would be taken off.
  const [name = ''] = new URLSearchParams(`&${part}`).keys();
  return name;
}

/** Only of what may matter: a path need not be UTF-8. */
function decoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function refused(reason: string): RedirectPath {
  return { kind: 'refused', reason };
}
