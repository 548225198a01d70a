import test from 'ava';
import type { HealthVerdict, Standing } from './health.ts';
import { nodeVerdict, type Witnesses } from './node-verdict.ts';
import type { PlayerStanding } from './player-health.ts';
import type { ProbeStanding } from './probe-health.ts';

const UP: HealthVerdict = { standing: 'up', score: 0.8, reasons: ['late-loop'] };
const WELL: HealthVerdict = { standing: 'up', score: 1, reasons: ['healthy'] };
const out = (standing: Exclude<Standing, 'up'>): HealthVerdict => ({ standing, score: 0, reasons: [standing] });

function verdict(
  report: HealthVerdict,
  probes: ProbeStanding,
  players: PlayerStanding,
  changes: Partial<Witnesses> = {},
) {
  const playerShare = players === 'failing' ? 0.02 : 1;
  const trust = players === 'well' ? 0.5 : 0;
  return nodeVerdict(report, { probes, probeShare: 1, players, playerShare, trust, ...changes });
}

/** The truth table of the README, line by line: report, probes, players → standing, score, reasons. */
const TABLE: readonly [HealthVerdict, ProbeStanding, PlayerStanding, string][] = [
  [WELL, 'well', 'well', 'up 1 healthy'],
  [WELL, 'unknown', 'unknown', 'up 1 healthy'],
  [WELL, 'well', 'failing', 'up 0.02 players-fail'],
  [UP, 'unknown', 'failing', 'up 0.016 late-loop players-fail'],
  [WELL, 'failing', 'well', 'up 0.5 probe-fails'],
  [WELL, 'failing', 'unknown', 'suspect 0 probe-fails'],
  [WELL, 'failing', 'failing', 'down 0 probe-fails players-fail'],
  [out('suspect'), 'well', 'well', 'suspect 0 suspect'],
  [out('suspect'), 'unknown', 'unknown', 'suspect 0 suspect'],
  [out('suspect'), 'failing', 'well', 'suspect 0 suspect'],
  [out('suspect'), 'failing', 'unknown', 'down 0 suspect probe-fails'],
  [out('probation'), 'well', 'well', 'probation 0 probation'],
  [out('probation'), 'failing', 'failing', 'down 0 probation probe-fails'],
  [out('unheard'), 'well', 'well', 'unheard 0 unheard'],
  [out('unheard'), 'failing', 'unknown', 'down 0 unheard probe-fails'],
  [out('down'), 'unknown', 'unknown', 'down 0 down'],
  [out('down'), 'failing', 'unknown', 'down 0 down probe-fails'],
  [out('down'), 'well', 'unknown', 'suspect 0 unreported'],
  [out('down'), 'unknown', 'well', 'suspect 0 unreported'],
  [out('down'), 'well', 'failing', 'suspect 0 unreported'],
  [out('draining'), 'failing', 'failing', 'draining 0 draining'],
];

for (const [report, probes, players, expected] of TABLE) {
  test(`reports say ${report.reasons.join()}, probes ${probes}, players ${players}: ${expected}`, (t) => {
    const { standing, score, reasons } = verdict(report, probes, players);
    t.is([standing, score, ...reasons].join(' '), expected);
  });
}

test('whoever is back from failing probes recovers, and says so once', (t) => {
  t.deepEqual(verdict(WELL, 'well', 'unknown', { probeShare: 0.3 }), {
    standing: 'up',
    score: 0.3,
    reasons: ['recovering'],
  });
  const both = verdict({ standing: 'up', score: 0.5, reasons: ['recovering'] }, 'well', 'unknown', { probeShare: 0.5 });
  t.deepEqual(both, { standing: 'up', score: 0.25, reasons: ['recovering'] });
});

test('players who find a node well keep half of it, whether probes fail or are just back', (t) => {
  t.is(verdict(WELL, 'failing', 'well', { trust: 0.2 }).score, 0.2);
  t.is(verdict(WELL, 'well', 'well', { probeShare: 0.1 }).score, 0.5);
});

test('where nothing takes anything away the verdict is the report’s own object', (t) => {
  t.is(verdict(UP, 'well', 'well'), UP);
});
