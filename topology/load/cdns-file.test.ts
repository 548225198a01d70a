import test from 'ava';
import { parseCdns } from './cdns-file.ts';

const bad = (text: string) => {
  const outcome = parseCdns(text, 'cdns.yaml');
  return outcome.kind === 'bad' ? outcome.reason : 'it was taken';
};
const withCdn = (fields: string) => `cdns:\n  - { id: alpha, baseUrl: 'https://a.example' ${fields} }\n`;

test('two lines a CDN are enough, and the defaults work', (t) => {
  const outcome = parseCdns(
    `cdns:
  - id: alpha
    baseUrl: https://a.example
  - id: beta
    baseUrl: http://127.0.0.12:8080/live/
    weight: 3
`,
    'cdns.yaml',
  );
  if (outcome.kind === 'bad') return t.fail(outcome.reason);
  const { cdns, balance } = outcome.cdns;
  t.deepEqual(
    cdns.map(({ baseUrl, weight, backup }) => ({ baseUrl, weight, backup })),
    [
      { baseUrl: 'https://a.example', weight: 1, backup: false },
      { baseUrl: 'http://127.0.0.12:8080/live', weight: 3, backup: false },
    ],
  );
  t.is(balance.byWeight, 0.5);
});

test('what is wrong is one line with file, line and how to mend it', (t) => {
  t.is(bad(withCdn(', wieght: 2')), 'cdns.yaml:2: cdns.0: unknown key "wieght", did you mean "weight"?');
  t.is(
    bad('cdns:\n  - id: alpha\n    baseUrl: ftp://a.example\n'),
    'cdns.yaml:3: cdns.0.baseUrl: must be scheme, host, port and perhaps a path, such as https://cdn.example/live, got "ftp://a.example"',
  );
  t.regex(
    bad(`${withCdn('')}  - { id: beta, baseUrl: 'https://A.example:444' }\n`),
    /^cdns\.yaml:3: .*there twice.*by host name/,
  );
  t.regex(
    bad(`${withCdn('')}  - { id: alpha, baseUrl: 'https://b.example' }\n`),
    /^cdns\.yaml:3: .*"alpha" is there twice/,
  );
  t.regex(bad(withCdn(', pricePerGB: 1, pricePerMbpsMonth: 2')), /pricePerGB is there, too/);
  t.regex(bad(withCdn(', commitmentTB: 1, commitmentMbps: 2')), /commitmentTB is there, too/);
  t.regex(bad(withCdn(', pricePerGB: [{ pricePerGB: 1 }, { pricePerGB: 2 }]')), /every tier but the last needs upToTB/);
  t.regex(bad(withCdn(', pricePerGB: [{ pricePerGB: 1, upToTB: 3 }]')), /the last tier goes on without end/);
  t.regex(bad(withCdn(', footprint: { countries: [DE] }')), /unknown key "countries".*countrycode/);
  t.regex(bad(withCdn(', footprint: {}')), /leave it out for everywhere/);
  t.regex(bad(withCdn(', footprint: { ipv4cidr: [10.0.0.1/8] }')), /did you mean 10\.0\.0\.0\/8\?/);
  t.regex(bad(withCdn(', footprint: { ipv4cidr: [2001:db8::/32] }')), /goes under ipv6cidr/);
  t.regex(bad(withCdn(', footprint: { asn: [AS0] }')), /AS number/);
  t.regex(bad(withCdn(', backup: true')), /all are backups/);
  t.regex(bad(`${withCdn('')}probes: { failures: 6 }\n`), /^cdns\.yaml:3: probes\.failures: must be at most "of"/);
  t.regex(bad(`${withCdn('')}manifests: [{ name: main, url: /live/x.m3u8 }]\n`), /absolute http or https URL/);
  t.regex(bad('cdns: []\n'), /^cdns\.yaml:1: cdns: /);
});

test('a base URL holds nothing that would have to be escaped anywhere', (t) => {
  for (const url of [
    'https://user:pw@a.example',
    'https://a.example/a"b',
    'https://a.example/%2e%2e',
    'https://a.example/../x',
    'https://a.example/a//b',
    'https://a.example?x=1',
    'https://a.example#x',
    'https://a.example:99999',
    'https://a.example\\@b.example',
    'https://a.example /x',
    'HTTPS://a.example',
  ]) {
    t.regex(
      bad(`cdns:\n  - { id: alpha, baseUrl: ${JSON.stringify(url)} }\n`),
      /^cdns\.yaml:2: cdns\.0\.baseUrl: /,
      url,
    );
  }
});
