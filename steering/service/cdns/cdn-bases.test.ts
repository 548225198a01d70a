import test from 'ava';
import fc from 'fast-check';
import { CdnBases } from './cdn-bases.ts';
import { CDNS } from './handover.fixture.ts';
import { isPrivateAddress, guardedLookup, type Lookup } from './guarded-lookup.ts';
import { redirectPath } from './redirect-path.ts';

const bases = new CdnBases(CDNS);
const pathOf = (url: string) => {
  const found = bases.locate(new URL(url));
  return found === null ? null : found.path + found.search;
};

test('a URL is of the file when scheme, host and port are exactly those, and its path lies below the base', (t) => {
  t.is(pathOf('https://alpha.example/customer/7/live/a.m3u8?x=1'), '/live/a.m3u8?x=1');
  t.is(pathOf('https://ALPHA.example:443/customer/7/live/a.m3u8'), '/live/a.m3u8');
  t.is(pathOf('https://beta.example:8443/live/a.m3u8'), '/live/a.m3u8');
  t.is(pathOf('https://origin.example'), '/');
  t.is(pathOf('https://alpha.example/customer/7'), '/');
  for (const url of [
    'https://alpha.example/customer/70/a.m3u8',
    'https://alpha.example/a.m3u8',
    'https://alpha.example/customer/7/../8/a.m3u8',
    'https://alpha.example/customer/7/%2e%2e/8/a.m3u8',
    'https://alpha.example/customer/7\\..\\..\\a.m3u8',
    'http://alpha.example/customer/7/a.m3u8',
    'https://alpha.example:8443/customer/7/a.m3u8',
    'https://beta.example/a.m3u8',
    'https://beta.example.evil.example:8443/a.m3u8',
    'https://user@beta.example:8443/a.m3u8',
    'https://user:pw@beta.example:8443/a.m3u8',
    'https://beta.example:8443@evil.example/a.m3u8',
    'https://evil.example/https://beta.example:8443/a.m3u8',
    'https://evil.example#@beta.example:8443/',
    'file:///etc/passwd',
    'data:text/plain,https://beta.example:8443/',
    'ftp://origin.example/a.m3u8',
  ]) {
    t.is(pathOf(url), null, url);
  }
});

test('what is redirected to begins with the base of the CDN, and no reading of its path leads above it', (t) => {
  const parts = fc.constantFrom(
    ...[
      'a',
      'b.m4s',
      '.',
      '..',
      '%2e',
      '%2E%2e',
      '%252e%252e',
      '/',
      '//',
      '%2f',
      '%5c',
      '\\',
      ';x',
      '..;',
      '%00',
      '%0d%0a',
      '%c0%ae',
      '@evil.example',
      ':',
      '?',
      '#',
      'é',
      ' ',
      '%zz',
    ],
  );
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(parts, { minLength: 1, maxLength: 6 }),
      fc.option(parts, { nil: undefined }),
      (pieces, query) => {
        const read = redirectPath(pieces.join(''), query);
        if (read.kind === 'refused') return;
        taken++;
        const target = bases.at('alpha', read);
        t.true(target.startsWith('https://alpha.example/customer/7/'));
        t.regex(target, /^[\x21-\x7e]+$/);
        t.false(/["\\<>]/.test(target), target);
        const url = new URL(target);
        t.is(url.origin, 'https://alpha.example');
        // As a server reads it that decodes once, or twice.
        for (let decoded = url.pathname, times = 0; times < 3; times++) {
          t.true(new URL(decoded, url).pathname.startsWith('/customer/7/'), `${target} read as ${decoded}`);
          t.false(decoded.slice(0, -1).includes('//'), target);
          decoded = decodeURIComponent(decoded);
        }
      },
    ),
    { numRuns: 5000 },
  );
  t.true(taken > 100, `${taken} were taken`);
});

test('paths that players do ask for are let through as they are', (t) => {
  for (const [path, query] of [
    ['live/show/v1/12.m4s', undefined],
    ['vod/a%20film%2C%20part%202/main.m3u8', 'token=a%2Fb&x=1'],
    ['live/show/', ''],
    ['a/b;v=1/c,d(e)~f@g:h', 'q=[1,2]'],
    ['..hidden/...', undefined],
  ] as const) {
    const read = redirectPath(path, query);
    const search = query === undefined || query === '' ? '' : `?${query}`;
    t.deepEqual(read, { kind: 'path', path: `/${path}`, search });
  }
});

test('the query goes on byte for byte, but for the parameters of steering itself', (t) => {
  for (const [query, search] of [
    ['session=me', ''],
    ['a=1&session=me&t=a%2Fb', '?a=1&t=a%2Fb'],
    ['s%65ssion=me&ip=192.0.2.1&b', '?b'],
    ['?session=x&sessions=2&my_session=3', '??session=x&sessions=2&my_session=3'],
    ['a=session&&b=+', '?a=session&&b=+'],
  ]) {
    t.deepEqual(redirectPath('a', query), { kind: 'path', path: '/a', search });
  }
  t.deepEqual(redirectPath('', 'session=me'), { kind: 'refused', reason: 'the path is missing: /r/<path>' });
});

test('addresses that only this machine or its network can reach are private', (t) => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
  ]) {
    t.true(isPrivateAddress(address, 4), address);
  }
  for (const address of ['::1', '::', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', 'ff02::1']) {
    t.true(isPrivateAddress(address, 6), address);
  }
  for (const address of ['193.99.144.80', '8.8.8.8', '172.32.0.1', '100.128.0.1'])
    t.false(isPrivateAddress(address, 4), address);
  t.false(isPrivateAddress('2606:4700::1', 6));
});

test('a name that resolves to a private address is not connected to, unless the file allows it', async (t) => {
  const resolve: Lookup = (hostname, _options, callback) => {
    const addresses: Record<string, { address: string; family: number }[]> = {
      'inside.example': [{ address: '10.0.0.7', family: 4 }],
      'both.example': [
        { address: '127.0.0.1', family: 4 },
        { address: '8.8.8.8', family: 4 },
      ],
      localhost: [{ address: '127.0.0.1', family: 4 }],
    };
    callback(null, addresses[hostname]!);
  };
  const ask = (hostname: string, allowPrivate: boolean, all: boolean) =>
    new Promise((done) => {
      guardedLookup(allowPrivate, resolve)(hostname, { all }, (error, address) => done(error?.code ?? address));
    });
  t.is(await ask('inside.example', false, false), 'EPRIVATE');
  t.is(await ask('inside.example', true, false), '10.0.0.7');
  t.deepEqual(await ask('both.example', false, true), [{ address: '8.8.8.8', family: 4 }]);
  t.is(await ask('localhost', false, false), '127.0.0.1');
});
