import type { HealthVerdict } from './health.ts';
import type { PlayerStanding } from './player-health.ts';
import type { ProbeStanding } from './probe-health.ts';
import type { HealthReason } from '../reasons.ts';

/** What is known of a node from outside. */
export interface Witnesses {
  probes: ProbeStanding;
  /** grows again after probes have failed */
  probeShare: number;
  players: PlayerStanding;
  playerShare: number;
  /** share that it keeps on the players' word where probes fail: this service may be the one that cannot reach it */
  trust: number;
}

/**
 * One verdict of what a node reports, what probes found and what players tell (README: the truth table). Nobody is believed
 * alone: a node that says it is well and answers nobody gets nothing; one whose reports do not come through, but that
 * answers, is not dead.
 */
export function nodeVerdict(report: HealthVerdict, witnesses: Witnesses): HealthVerdict {
  const { probes, players, playerShare, probeShare, trust } = witnesses;
  const fails = probes === 'failing' && players !== 'well';
  switch (report.standing) {
    case 'draining':
      return report;
    case 'down':
      if (probes !== 'well' && players !== 'well')
        return probes === 'failing' ? withReason(report, 'probe-fails') : report;
      return UNREPORTED;
    case 'unheard':
    case 'suspect':
    case 'probation':
      return fails ? { ...withReason(report, 'probe-fails'), standing: 'down' } : report;
    case 'up':
      break;
  }
  if (fails) return players === 'failing' ? UNANIMOUS : SILENT;
  const contested = probes === 'failing';
  const reached = contested ? trust : Math.max(probeShare, trust);
  const share = playerShare * reached;
  if (share === 1) return report;
  const reasons = report.reasons.filter((reason) => reason !== 'healthy');
  if (contested) reasons.push('probe-fails');
  if (playerShare < 1) reasons.push('players-fail');
  if (!contested && reached < 1 && !reasons.includes('recovering')) reasons.push('recovering');
  return { standing: 'up', score: report.score * share, reasons: sameReasons(reasons) };
}

const UNREPORTED: HealthVerdict = { standing: 'suspect', score: 0, reasons: ['unreported'] };
const SILENT: HealthVerdict = { standing: 'suspect', score: 0, reasons: ['probe-fails'] };
const UNANIMOUS: HealthVerdict = { standing: 'down', score: 0, reasons: ['probe-fails', 'players-fail'] };

function withReason({ standing, score, reasons }: HealthVerdict, reason: HealthReason): HealthVerdict {
  return { standing, score, reasons: sameReasons([...reasons, reason]) };
}

const REASONS = new Map<string, readonly HealthReason[]>();

/** One list for the same words, as many as there are combinations: answers are kept by it. */
function sameReasons(reasons: readonly HealthReason[]): readonly HealthReason[] {
  const key = reasons.join();
  const known = REASONS.get(key);
  if (known !== undefined) return known;
  REASONS.set(key, reasons);
  return reasons;
}
