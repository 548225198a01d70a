import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { renderExplainPage } from './explain-page.ts';

const { text, policy } = renderExplainPage();

test('the page is one file that loads nothing, and its policy allows its own script and style and no others', (t) => {
  t.notRegex(text, /<(?:script|link|img|iframe|object|embed)\b[^>]*\b(?:src|href)="(?!data:)/);
  t.notRegex(text, /@import|url\(/);
  const digest = (body: string) => `'sha256-${createHash('sha256').update(body).digest('base64')}'`;
  const script = /<script type="module">(.*)<\/script>/s.exec(text)![1]!;
  const style = /<style>(.*?)<\/style>/s.exec(text)![1]!;
  t.true(policy.includes(`script-src ${digest(script)};`));
  t.true(policy.includes(`style-src ${digest(style)};`));
  t.true(policy.startsWith("default-src 'none';"));
  t.notRegex(policy, /unsafe|\*/);
  t.notRegex(text, /\son\w+="|\sstyle="/, 'neither of which the policy would let pass');
  t.true(text.length < 300_000, `${text.length}`);
});

test('every reason that policy can give is explained on the page', async (t) => {
  const source = readFileSync(new URL('../../policy/reasons.ts', import.meta.url), 'utf8');
  const reasons = [
    ...source.matchAll(/^\s*(?:export type \w+ =\s*)?\|?\s*((?:'[a-z0-9-]+'(?:\s*\|\s*)?)+);?$/gm),
  ].flatMap(([, group]) => [...group!.matchAll(/'([^']+)'/g)].map(([, word]) => word!));
  t.true(reasons.length > 25, `${reasons.length} found`);
  const { WORDS } = (await import(new URL('./page/words.js', import.meta.url).href)) as {
    WORDS: Record<string, [string, string]>;
  };
  t.deepEqual(
    reasons.filter((reason) => !(reason in WORDS)),
    [],
    'page/words.js says what they mean',
  );
  for (const [word, [tone, sentence]] of Object.entries(WORDS)) {
    t.true(['place', 'plain', 'good', 'warn', 'bad'].includes(tone), word);
    t.true(sentence.length > 10, word);
  }
});

interface RatesClass {
  new (): {
    add(look: { atMs: number; groups: Record<string, Record<string, number>> }): void;
    now(name: string): [string, number][] | null;
    history(name: string): number[];
    reset(): void;
  };
}
interface SpotRatesClass {
  new (): { add(rows: number[][], atMs: number): void; top(most: number): [number, number][] };
}

const rates = () =>
  import(new URL('./page/rates.js', import.meta.url).href) as Promise<{ Rates: RatesClass; SpotRates: SpotRatesClass }>;

test('rates are differences over the last seconds; history has one value a look', async (t) => {
  const { Rates } = await rates();
  const kept = new Rates();
  const look = (atMs: number, hls: number, servers: number) =>
    kept.add({ atMs, groups: { answers: { 'steer-hls': hls, ...(servers > 0 ? { servers } : {}) } } });
  look(0, 1000, 0);
  t.is(kept.now('answers'), null, 'a total alone says nothing of now');
  look(1000, 1010, 0);
  look(2000, 1030, 4);
  t.deepEqual(kept.now('answers'), [
    ['steer-hls', 15],
    ['servers', 2],
  ]);
  t.deepEqual(kept.history('answers'), [10, 24]);
  for (let second = 3; second <= 12; second++) look(second * 1000, 1030, 4);
  t.deepEqual(kept.now('answers'), [
    ['steer-hls', 0],
    ['servers', 0],
  ]);
  look(12_000, 5000, 4);
  t.is(kept.history('answers').length, 12, 'the same moment twice is one look');
  for (let second = 13; second < 300; second++) look(second * 1000, 1030, 4);
  t.is(kept.history('answers').length, 120, 'bounded');
});

test('spots that are chosen rise to the top and fade when they no longer are', async (t) => {
  const { SpotRates } = await rates();
  const spots = new SpotRates();
  spots.add(
    [
      [0, 500],
      [1, 0],
      [2, 7],
    ],
    0,
  );
  t.deepEqual(spots.top(3), [], 'what happened before the page was opened is not now');
  let total = 0;
  for (let second = 1; second <= 30; second++) spots.add([[1, (total += 10)]], second * 1000);
  const [[spot, rate]] = spots.top(3) as [[number, number]];
  t.is(spot, 1);
  t.true(Math.abs(rate - 10) < 0.1, `${rate}`);
  for (let second = 31; second <= 90; second++) spots.add([[2, 7 + second]], second * 1000);
  t.is(spots.top(3)[0]![0], 2);
  t.is(spots.top(3).length, 1, 'what faded is forgotten');
});
