import test from 'ava';
import { applies, caseQuery, nextTurn, readCase, type AskedCase } from './test-case-query.ts';
import {
  answerOf,
  CASE_NAMES,
  CLONE_PATHWAY,
  DEAD_HOST,
  DEAD_PATHWAY,
  describeCase,
  manifestServers,
  manifestServersBefore,
  type CaseContext,
  type CaseName,
} from './test-cases.ts';

const SERVERS = ['a', 'b', 'c'].map((id, index) => ({ id, baseUrl: `http://10.0.0.${index + 1}:8080` }));
const RELOAD_URI = 'https://steering.example:8090/v1/steer/hls?event=demo&case=x';
const RIGHT = { VERSION: 1, TTL: 12, 'RELOAD-URI': RELOAD_URI, 'PATHWAY-PRIORITY': ['a', 'b'] };

const context = (changes: Partial<CaseContext> = {}): CaseContext => ({
  right: JSON.stringify(RIGHT),
  reloadUri: RELOAD_URI,
  servers: SERVERS.slice(0, 2),
  ranked: SERVERS,
  turn: 0,
  delaySeconds: 15,
  ...changes,
});
const bodyOf = (name: CaseName, changes?: Partial<CaseContext>) =>
  JSON.parse(answerOf(name, context(changes)).body) as Record<string, unknown>;

function read(query: string): AskedCase | string | null {
  const parameters = new Map(query.split('&').map((pair) => pair.split('=') as [string, string]));
  const reading = readCase((name) => parameters.get(name) ?? null);
  return reading.kind === 'bad' ? reading.reason : reading.asked;
}

test('normal is the right answer, and every other case differs from it in something', (t) => {
  const right = answerOf('normal', context());
  t.deepEqual(JSON.parse(right.body), RIGHT);
  const differing = CASE_NAMES.filter((name) => name !== 'normal').map((name) =>
    JSON.stringify(answerOf(name, context({ turn: name === 'flap' ? 1 : 0 }))),
  );
  t.false(differing.includes(JSON.stringify(right)));
  t.is(new Set(differing).size, differing.length, 'and from each other');
});

test('each case has a summary and a lesson, in one line each', (t) => {
  t.is(CASE_NAMES[0], 'normal');
  for (const name of CASE_NAMES) {
    const { summary, lesson } = describeCase(name);
    t.regex(summary, /^\S[^\n|]*[^\s.]$/, name);
    t.regex(lesson, /^\S[^\n|]*\.$/, name);
  }
});

test('fields are missing, of the wrong type or out of bounds as the names say, and nothing else changes', (t) => {
  const { TTL: _, ...withoutTtl } = RIGHT;
  t.deepEqual(bodyOf('ttl-missing'), withoutTtl);
  t.deepEqual(bodyOf('ttl-zero'), { ...RIGHT, TTL: 0 });
  t.deepEqual(bodyOf('ttl-string'), { ...RIGHT, TTL: '12' });
  t.true((bodyOf('ttl-huge').TTL as number) * 1000 > 2 ** 31 - 1);
  t.deepEqual(bodyOf('version-2'), { ...RIGHT, VERSION: 2 });
  t.deepEqual(bodyOf('priority-empty'), { ...RIGHT, 'PATHWAY-PRIORITY': [] });
  t.false((bodyOf('unknown-pathway')['PATHWAY-PRIORITY'] as string[]).some((id) => /^[abc]$/.test(id)));
  const { 'RELOAD-URI': __, ...withoutReload } = RIGHT;
  t.deepEqual(bodyOf('reload-missing'), withoutReload);
  t.deepEqual(bodyOf('reload-relative'), { ...RIGHT, 'RELOAD-URI': 'hls?event=demo&case=x' });
  t.is(bodyOf('reload-dead')['RELOAD-URI'], `https://${DEAD_HOST}:8090/v1/steer/hls?event=demo&case=x`);
});

test('flap reverses the order at every turn, beginning with the right one', (t) => {
  const orders = [0, 1, 2, 3].map((turn) => bodyOf('flap', { turn })['PATHWAY-PRIORITY']);
  t.deepEqual(orders, [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'b'],
    ['b', 'a'],
  ]);
});

test('a clone is of a server that the manifest does not have; without such a one, of the last', (t) => {
  const clone = (name: CaseName, changes?: Partial<CaseContext>) => {
    const body = bodyOf(name, changes);
    t.deepEqual(body['PATHWAY-PRIORITY'], [CLONE_PATHWAY, 'a', 'b']);
    return body['PATHWAY-CLONES'];
  };
  const cloneTo = (HOST: string) => [{ 'BASE-ID': 'a', ID: CLONE_PATHWAY, 'URI-REPLACEMENT': { HOST } }];
  t.deepEqual(clone('clone'), cloneTo('10.0.0.3'));
  t.deepEqual(clone('clone-port'), cloneTo('10.0.0.3:8080'));
  t.deepEqual(clone('clone', { ranked: SERVERS.slice(0, 2) }), cloneTo('10.0.0.2'));
  const six = [{ id: 'v6', baseUrl: 'https://[2001:db8::1]' }];
  t.deepEqual(clone('clone', { ranked: six }), cloneTo('[2001:db8::1]'));
  t.deepEqual(clone('clone-port', { ranked: six }), cloneTo('[2001:db8::1]:443'));
});

test('the manifest begins with what steering will name first, has the dead pathway and leaves out the clone', (t) => {
  const ids = (name: CaseName, after = 0) => manifestServers(name, SERVERS, after === 0).map(({ id }) => id);
  t.deepEqual(ids('normal'), ['a', 'b', 'c']);
  t.deepEqual(ids('dead-pathway'), [DEAD_PATHWAY, 'a', 'b', 'c']);
  t.deepEqual(ids('dead-pathway', 1), ['a', 'b', 'c', DEAD_PATHWAY]);
  t.is(manifestServers('dead-pathway', SERVERS, true)[0]!.baseUrl, `http://${DEAD_HOST}:8080`);
  t.deepEqual(bodyOf('dead-pathway')['PATHWAY-PRIORITY'], [DEAD_PATHWAY, 'a', 'b']);
  t.deepEqual(ids('clone'), ['a', 'b']);
  const alone = SERVERS.slice(0, 1);
  t.deepEqual(manifestServers('clone', alone, true), alone, 'one server is never taken away');
  t.deepEqual(manifestServers('dead-pathway', [], true), []);
  for (const name of ['clone', 'dead-pathway'] as const) {
    for (const after of [0, 1]) {
      const first = manifestServers(name, SERVERS, after === 0);
      const known = first.filter(({ id }) => id !== DEAD_PATHWAY);
      const again = manifestServersBefore(
        name,
        first.map(({ id }) => id),
        known,
      );
      t.deepEqual(again, first, 'an update has what the first manifest had');
    }
  }
  t.deepEqual(manifestServersBefore('dead-pathway', [DEAD_PATHWAY], []), []);
});

test('statuses, lateness and framing are as the names say', (t) => {
  const head = (name: CaseName, changes?: Partial<CaseContext>) => {
    const { status, fields } = answerOf(name, context(changes));
    return [status, ...fields.flat()];
  };
  for (const status of [404, 410, 429, 500]) t.deepEqual(head(String(status) as CaseName), [status]);
  t.deepEqual(head('429-retry-after'), [429, 'Retry-After', '7']);
  t.deepEqual(head('503-retry-after'), [503, 'Retry-After', '7']);
  t.deepEqual(head('redirect'), [307, 'Location', RELOAD_URI]);
  t.deepEqual(head('redirect', { turn: 1 }), [200]);
  t.is(answerOf('slow', context()).delayMs, 15_000);
  t.is(answerOf('hang', context()).delayMs, Infinity);
  t.is(answerOf('truncated', context()).cutAt, 0.5);
  t.false(answerOf('no-cors', context()).cors);
  t.is(answerOf('wrong-type', context()).type, 'html');
  t.throws(() => JSON.parse(answerOf('garbage', context()).body));
});

test('a query is read whole or refused with what is wrong; without case= nothing is asked', (t) => {
  const defaults = { after: 0, turn: 0, ttlSeconds: null, delaySeconds: 15 };
  t.deepEqual(read('case=410'), { name: '410', ...defaults });
  t.deepEqual(read('case=slow&after=2&ttl=5&delay=20&turn=7'), {
    name: 'slow',
    after: 2,
    turn: 7,
    ttlSeconds: 5,
    delaySeconds: 20,
  });
  t.is(read('after=x&ttl=0'), null, 'other parameters are nobody’s without a case');
  t.is(read('case=ttl-mising'), 'case: there is none of this name; did you mean ttl-missing? GET /v1/cases lists them');
  for (const [query, name] of [
    ['ttl=0', 'ttl'],
    ['ttl=3601', 'ttl'],
    ['ttl=1.5', 'ttl'],
    ['ttl=', 'ttl'],
    ['after=-1', 'after'],
    ['after=1001', 'after'],
    ['delay=111', 'delay'],
    ['turn=1e6', 'turn'],
  ] as const) {
    t.regex(read(`case=410&${query}`) as string, new RegExp(`^${name}: a whole number from \\d+ to \\d+$`), query);
  }
  for (const name of ['constructor', '__proto__', 'toString', '']) t.is(typeof read(`case=${name}`), 'string', name);
});

test('what is carried on is read back the same, one turn later each time, without end', (t) => {
  for (const query of ['case=410', 'case=slow&after=2&ttl=5&delay=20&turn=7', 'case=flap&turn=999999']) {
    const asked = read(query) as AskedCase;
    t.deepEqual(read(caseQuery(asked).join('&')), asked);
  }
  let asked = read('case=flap&after=2') as AskedCase;
  const applied: boolean[] = [];
  for (let answers = 0; answers < 4; answers++, asked = nextTurn(asked)) applied.push(applies(asked));
  t.deepEqual(applied, [false, false, true, true]);
  let last = read('case=flap&turn=999999') as AskedCase;
  const turns = [0, 1, 2, 3].map(() => (last = nextTurn(last)).turn);
  t.deepEqual(turns, [1_000_000, 999_999, 1_000_000, 999_999]);
});
