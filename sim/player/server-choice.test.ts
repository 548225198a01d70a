import test from 'ava';
import { FORGIVE_AFTER_MS, PENALTY_MS, type Ranking, ServerChoice } from './server-choice.ts';

const ranking: Ranking = { servers: [4, 2, 9], ttlMs: 20_000, maxRetries: 3, retryAfterMs: 1000 };

function ranked(): ServerChoice {
  const choice = new ServerChoice();
  choice.rerank(ranking, 0);
  return choice;
}

test('without a ranking there is no server', (t) => {
  t.is(new ServerChoice().pick(0), -1);
});

test('a server that failed is passed over for its penalty', (t) => {
  const choice = ranked();
  choice.failed(4, 1000, -1);
  t.is(choice.pick(1001), 2);
  t.is(choice.pick(1000 + PENALTY_MS - 1), 2);
  t.is(choice.pick(1000 + PENALTY_MS), 4);
});

test('when all have failed, the one whose failure is the longest ago is next', (t) => {
  const choice = ranked();
  for (const [atMs, server] of [4, 2, 9].entries()) choice.failed(server, atMs, -1);
  t.is(choice.pick(10), 4);
  t.false(choice.isClean(4, 10));
  choice.failed(4, 20, -1);
  t.is(choice.pick(30), 2);
});

test('a ranking that was asked for well after the failure forgives it, an earlier one does not', (t) => {
  const choice = ranked();
  choice.failed(4, 1000, -1);
  choice.rerank(ranking, 1000 + FORGIVE_AFTER_MS - 1);
  t.is(choice.pick(20_000), 2);
  choice.rerank(ranking, 1000 + FORGIVE_AFTER_MS);
  t.is(choice.pick(20_000), 4);
});

test('Retry-After is the penalty, and is cut at a minute', (t) => {
  const choice = ranked();
  choice.failed(4, 0, 5000);
  t.is(choice.pick(4999), 2);
  t.is(choice.pick(5000), 4);
  choice.failed(4, 0, 86_400_000);
  t.is(choice.askedWaitMs(4, 0), 60_000);
  choice.rerank(ranking, 59_999);
  t.is(choice.pick(59_999), 2, 'whatever steering says');
});

test('a success clears a server, unless it was under way before the failure', (t) => {
  const choice = ranked();
  choice.failed(4, 1000, -1);
  choice.succeeded(4, 500);
  t.is(choice.pick(1001), 2);
  choice.succeeded(4, 1001);
  t.is(choice.pick(1001), 4);
});

test('switches count the servers that media was fetched from', (t) => {
  const choice = ranked();
  for (const server of [4, 4, 2, 2, 4]) choice.use(server);
  t.is(choice.switches, 2);
});
