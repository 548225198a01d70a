import test from 'ava';
import { chooseAddresses } from './viewer-addresses.ts';

const FILE = JSON.stringify({ NL: ['192.0.2.1', '192.0.2.2'], DE: { weight: 3, addresses: ['2001:db8::1'] } });

test('viewers spread over countries by weight, the same ones for the same seed', (t) => {
  const chosen = firstAddresses(4000);
  const share = (address: string) => chosen.filter((one) => one === address).length / chosen.length;
  t.true(Math.abs(share('2001:db8::1') - 0.75) < 0.03);
  t.true(Math.abs(share('192.0.2.1') - 0.125) < 0.03);
  t.deepEqual(firstAddresses(4000), chosen);
});

test('what cannot be used is named, with its place', (t) => {
  for (const [text, problem] of [
    ['{', /not JSON/],
    ['{}', /no country/],
    ['{"NL": []}', /NL/],
    ['{"NL": ["192.0.2.300"]}', /NL/],
    ['{"NL": {"weight": 0, "addresses": ["192.0.2.1"]}}', /NL/],
  ] as const) {
    const choice = chooseAddresses(text, 1);
    t.is(choice.kind, 'problem', text);
    if (choice.kind === 'problem') t.regex(choice.problem, problem);
  }
});

test('a viewer’s place, its address and where it connects from belong together', (t) => {
  const choice = chooseAddresses(
    JSON.stringify({
      'polder/amsterdam': { weight: 2, addresses: ['198.18.0.1'], from: '127.1.0.1' },
      'hudson/chicago': { weight: 1, addresses: ['198.18.64.1'] },
    }),
    5,
  );
  if (choice.kind !== 'ok') throw new Error(choice.problem);
  const places = Array.from({ length: 300 }, (_, viewer) => {
    const place = choice.placeFor(viewer);
    t.is(choice.ipFor(viewer), place === 'polder/amsterdam' ? '198.18.0.1' : '198.18.64.1');
    t.is(choice.fromFor(viewer), place === 'polder/amsterdam' ? '127.1.0.1' : undefined);
    return place;
  });
  const share = places.filter((place) => place === 'polder/amsterdam').length / places.length;
  t.true(Math.abs(share - 2 / 3) < 0.1, `${share}`);
  t.is(chooseAddresses('{"NL": {"weight": 1, "addresses": ["192.0.2.1"], "from": "here"}}', 1).kind, 'problem');
});

function firstAddresses(count: number): string[] {
  const choice = chooseAddresses(FILE, 1);
  if (choice.kind !== 'ok') throw new Error(choice.problem);
  return Array.from({ length: count }, (_, viewer) => choice.ipFor(viewer));
}
