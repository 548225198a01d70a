/**
 * What a steering service that is tested against says wrongly or awkwardly on purpose (`?case=`): the table from which
 * answers, `GET /v1/cases`, `--help` and docs/players.md all come.
 */

/** What a case makes its answer of. */
export interface CaseContext {
  /** the right answer, whose RELOAD-URI asks for the case again */
  right: string;
  /** absolute; carries the case on, one turn later */
  reloadUri: string;
  /** those of the right answer, in its order */
  servers: readonly CaseServer[];
  /** the best of all, whether the manifest has them or not */
  ranked: readonly CaseServer[];
  /** answers given since the case began */
  turn: number;
  delaySeconds: number;
}

export interface CaseServer {
  id: string;
  /** scheme, host and port */
  baseUrl: string;
}

/** An answer down to its framing. */
export interface CaseAnswer {
  status: number;
  type: 'steeringList' | 'html' | 'text';
  /** whether a page of another origin may read it */
  cors: boolean;
  /** fields beside the usual ones */
  fields: readonly (readonly [name: string, value: string])[];
  body: string;
  /** until the first byte; Infinity: none ever comes */
  delayMs: number;
  /** the share of the body after which the connection is cut; null: whole */
  cutAt: number | null;
}

interface TestCase {
  /** what the answer is */
  summary: string;
  /** what follows for a server that players depend on */
  lesson: string;
  answer: (context: CaseContext) => CaseAnswer;
}

/** Where nobody listens, on whichever machine the player runs: refused at once, and told apart from edges by its host. */
export const DEAD_HOST = '127.255.255.254';
export const DEAD_PATHWAY = 'dead';
export const CLONE_PATHWAY = 'clone';
export const RETRY_AFTER_SECONDS = 7;

/** More milliseconds than the 2³¹ − 1 that a browser's timer holds. */
const HUGE_TTL_SECONDS = 30 * 86_400;

const CASES = {
  normal: {
    summary:
      'the right answer: VERSION 1, an integer TTL, an absolute RELOAD-URI, the manifest’s pathways in its order',
    lesson: 'The row to compare the others with.',
    answer: ({ right }) => ok(right),
  },
  'ttl-missing': {
    summary: 'no TTL',
    lesson: 'Always a TTL, a JSON integer of seconds: one answer without it starts a flood.',
    answer: changed((right) => without(right, 'TTL')),
  },
  'ttl-zero': {
    summary: 'TTL 0',
    lesson: 'Bound the TTL from below, and by what a player takes to begin: 10 s suit live.',
    answer: changed((right) => ({ ...right, TTL: 0 })),
  },
  'ttl-string': {
    summary: 'the TTL in quotes, as a string',
    lesson: 'A JSON number, though a string is taken.',
    answer: changed((right) => ({ ...right, TTL: String(right.TTL) })),
  },
  'ttl-huge': {
    summary: 'a TTL of 30 days, for “never again”',
    lesson:
      'Bound the TTL from above: in milliseconds a browser’s timer holds 24.8 days, and one set beyond fires at once.',
    answer: changed((right) => ({ ...right, TTL: HUGE_TTL_SECONDS })),
  },
  'version-2': {
    summary: 'VERSION 2',
    lesson: 'VERSION 1, whatever else changes: another one loses the player for the session.',
    answer: changed((right) => ({ ...right, VERSION: 2 })),
  },
  'priority-empty': {
    summary: 'PATHWAY-PRIORITY is an empty list',
    lesson: 'When there is nothing to say, repeat the order.',
    answer: changed((right) => ({ ...right, 'PATHWAY-PRIORITY': [] })),
  },
  'unknown-pathway': {
    summary: 'PATHWAY-PRIORITY names nothing but a pathway that the manifest does not have',
    lesson:
      'Know what the manifest has (here the steering URI says it, `pathways=`) and name that; others only as clones.',
    answer: changed((right) => ({ ...right, 'PATHWAY-PRIORITY': ['no-such-pathway'] })),
  },
  'reload-missing': {
    summary: 'no RELOAD-URI',
    lesson: 'Send it: the answer may then carry what the next one needs.',
    answer: changed((right) => without(right, 'RELOAD-URI')),
  },
  'reload-relative': {
    summary: 'RELOAD-URI relative to the steering URI',
    lesson: 'An absolute RELOAD-URI: not every player takes a relative one.',
    answer: changed((right, { reloadUri }) => ({
      ...right,
      'RELOAD-URI': reloadUri.slice(reloadUri.lastIndexOf('/') + 1),
    })),
  },
  'reload-dead': {
    summary: 'RELOAD-URI on a host where nobody listens',
    lesson:
      'Send players only to a name that outlives any one machine: they do not come back to the first URI by themselves.',
    answer: changed((right, { reloadUri }) => ({ ...right, 'RELOAD-URI': withHost(reloadUri, DEAD_HOST) })),
  },
  flap: {
    summary: 'the order reversed at every answer',
    lesson: 'Players follow at once, each time: damping is the server’s work.',
    answer: changed((right, { turn }) => ({
      ...right,
      'PATHWAY-PRIORITY': turn % 2 === 0 ? right['PATHWAY-PRIORITY'] : right['PATHWAY-PRIORITY'].toReversed(),
    })),
  },
  clone: {
    summary: 'a PATHWAY-CLONE first, of a server that the manifest does not have, by HOST',
    lesson: 'At each edge the scheme’s own port, 80 or 443: then one HOST serves all players.',
    answer: changed((right, context) => withClone(right, context, hostOf)),
  },
  'clone-port': {
    summary: 'the same, its HOST with a port',
    lesson:
      'Where ports differ, HOST as the player reads it (dash.js wants the port), or a manifest that has the server.',
    answer: changed((right, context) => withClone(right, context, hostAndPortOf)),
  },
  'dead-pathway': {
    summary: 'first a pathway at a host where nobody listens (the manifest has it, too)',
    lesson: 'Always name fall-backs, and take a dead server out before players find it: each finds it for itself.',
    answer: changed((right) => ({
      ...right,
      'PATHWAY-PRIORITY': [DEAD_PATHWAY, ...right['PATHWAY-PRIORITY'].filter((id) => id !== DEAD_PATHWAY)],
    })),
  },
  garbage: {
    summary: '200 with an HTML page, as a portal or a proxy in between would answer',
    lesson: 'JSON or an error status, nothing else. What stands in front must not put pages of its own in between.',
    answer: () => ({ ...ok('<!doctype html><title>Welcome</title><p>Please log in.\n'), type: 'html' }),
  },
  truncated: {
    summary: 'the right answer, cut half-way: the connection ends before Content-Length is reached',
    lesson: 'Small answers in one piece.',
    answer: ({ right }) => ({ ...ok(right), cutAt: 0.5 }),
  },
  'wrong-type': {
    summary: 'the right answer as text/html',
    lesson: 'application/vnd.apple.steering-list, though none looks.',
    answer: ({ right }) => ({ ...ok(right), type: 'html' }),
  },
  'no-cors': {
    summary: 'the right answer without Access-Control-Allow-Origin',
    lesson: 'CORS on every answer, on errors too.',
    answer: ({ right }) => ({ ...ok(right), cors: false }),
  },
  redirect: {
    summary: '307 to another address of this service, at every second request',
    lesson: 'Harmless, and a round trip more: put the new address into RELOAD-URI instead.',
    answer: ({ right, reloadUri, turn }) =>
      turn % 2 === 1 ? ok(right) : { ...failed(307), fields: [['Location', reloadUri]] },
  },
  '404': {
    summary: '404',
    lesson: 'Never for “no longer” or “not just now”: some end steering for the session.',
    answer: () => failed(404),
  },
  '410': {
    summary: '410, which ends steering for the session (rfc8216bis §7.2)',
    lesson: 'Only to mean it.',
    answer: () => failed(410),
  },
  '429': {
    summary: '429 without Retry-After',
    lesson: 'Never shed load with it: answer 200 with a longer TTL.',
    answer: () => failed(429),
  },
  '429-retry-after': {
    summary: `429 with Retry-After: ${RETRY_AFTER_SECONDS}`,
    lesson: 'Not even with Retry-After.',
    answer: () => retryLater(429),
  },
  '500': {
    summary: '500',
    lesson: 'Answer from what was known before: a failure at the first request costs minutes, or the session.',
    answer: () => failed(500),
  },
  '503-retry-after': {
    summary: `503 with Retry-After: ${RETRY_AFTER_SECONDS}`,
    lesson: 'Nobody heeds Retry-After on a 5xx: do not count on it.',
    answer: () => retryLater(503),
  },
  slow: {
    summary: 'the right answer, late (`delay=`, else 15 s)',
    lesson: 'Answer within a second, or with less thought: some players begin only when they have an answer.',
    answer: ({ right, delaySeconds }) => ({ ...ok(right), delayMs: delaySeconds * 1000 }),
  },
  hang: {
    summary: 'no answer at all: the connection is held, and cut after two minutes',
    lesson: 'A time limit on everything behind the answer.',
    answer: () => ({ ...ok(''), delayMs: Infinity }),
  },
} satisfies Record<string, TestCase>;

export type CaseName = keyof typeof CASES;

/** As above, statuses last: an object puts names that look like numbers first. */
export const CASE_NAMES: readonly CaseName[] = (Object.keys(CASES) as CaseName[]).toSorted((a, b) => {
  const [aIsStatus, bIsStatus] = [a, b].map((name) => /^\d/.test(name));
  return aIsStatus && bIsStatus ? (a < b ? -1 : 1) : Number(aIsStatus) - Number(bIsStatus);
});

export function isCaseName(text: string): text is CaseName {
  return Object.hasOwn(CASES, text);
}

export function describeCase(name: CaseName): { summary: string; lesson: string } {
  const { summary, lesson } = CASES[name];
  return { summary, lesson };
}

export function answerOf(name: CaseName, context: CaseContext): CaseAnswer {
  return CASES[name].answer(context);
}

/**
 * The servers whose pathways a case's manifest has: what it begins with is what steering will name first.
 * @param applies false while the first answers are still right ones (`after=`)
 */
export function manifestServers<Server extends CaseServer>(
  name: CaseName,
  servers: readonly Server[],
  applies: boolean,
): Server[] {
  const [first, ...others] = servers;
  if (first === undefined) return [];
  if (name === 'dead-pathway') return applies ? [deadLike(first), ...servers] : [...servers, deadLike(first)];
  // The last one is kept for the clone.
  if (name === 'clone' || name === 'clone-port') return [first, ...others.slice(0, -1)];
  return [...servers];
}

/**
 * The same for a manifest that is updated, which keeps the pathways that it had.
 * @param ids of those pathways
 * @param known the servers among them
 */
export function manifestServersBefore<Server extends CaseServer>(
  name: CaseName,
  ids: readonly string[],
  known: readonly Server[],
): Server[] {
  const [first] = known;
  if (name !== 'dead-pathway' || first === undefined) return [...known];
  return ids[0] === DEAD_PATHWAY ? [deadLike(first), ...known] : [...known, deadLike(first)];
}

function deadLike<Server extends CaseServer>(server: Server): Server {
  return { ...server, id: DEAD_PATHWAY, baseUrl: withHost(server.baseUrl, DEAD_HOST) };
}

interface SteeringManifest {
  VERSION: number;
  TTL: number;
  'RELOAD-URI': string;
  'PATHWAY-PRIORITY': string[];
}

function changed(change: (right: SteeringManifest, context: CaseContext) => object): TestCase['answer'] {
  return (context) => ok(JSON.stringify(change(JSON.parse(context.right) as SteeringManifest, context)));
}

function without(right: SteeringManifest, field: keyof SteeringManifest): object {
  return Object.fromEntries(Object.entries(right).filter(([name]) => name !== field));
}

function ok(body: string): CaseAnswer {
  return { status: 200, type: 'steeringList', cors: true, fields: [], body, delayMs: 0, cutAt: null };
}

function failed(status: number): CaseAnswer {
  return { ...ok(`${status}, on purpose\n`), status, type: 'text' };
}

function retryLater(status: number): CaseAnswer {
  return { ...failed(status), fields: [['Retry-After', String(RETRY_AFTER_SECONDS)]] };
}

function withClone(
  right: SteeringManifest,
  { servers, ranked }: CaseContext,
  hostText: (baseUrl: string) => string,
): object {
  const known = new Set(servers.map(({ id }) => id));
  const base = servers[0]!;
  const spare = ranked.find(({ id }) => !known.has(id)) ?? servers.at(-1)!;
  return {
    ...right,
    'PATHWAY-PRIORITY': [CLONE_PATHWAY, ...right['PATHWAY-PRIORITY']],
    'PATHWAY-CLONES': [{ 'BASE-ID': base.id, ID: CLONE_PATHWAY, 'URI-REPLACEMENT': { HOST: hostText(spare.baseUrl) } }],
  };
}

/** Scheme, host, port and what follows; policy has no URL class. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:\/\/)(\[[^\]]*\]|[^:/?#]*)(:\d+)?(.*)$/is;

function hostOf(uri: string): string {
  return ABSOLUTE.exec(uri)?.[2] ?? '';
}

function hostAndPortOf(uri: string): string {
  const [, scheme = '', host = '', port] = ABSOLUTE.exec(uri) ?? [];
  return host + (port ?? (scheme.toLowerCase() === 'https://' ? ':443' : ':80'));
}

function withHost(uri: string, host: string): string {
  return uri.replace(
    ABSOLUTE,
    (_, scheme: string, __: string, port = '', rest = '') => `${scheme}${host}${port}${rest}`,
  );
}
